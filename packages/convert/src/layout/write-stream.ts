import { type FileHandle, open } from 'node:fs/promises';

/** Writes chunks to a file that does not exist yet. */
export async function writeStream({
  chunks,
  output,
}: {
  readonly chunks: AsyncIterable<Buffer>;
  readonly output: string;
}): Promise<void> {
  const handle = await open(output, 'wx');
  try {
    let position = 0;
    for await (const chunk of chunks) {
      await writeFully(handle, chunk, position);
      position += chunk.length;
    }
  } finally {
    await handle.close();
  }
}

/** A write may take less than all of it. */
export async function writeFully(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
