import { type FileHandle, open } from 'node:fs/promises';

/** Writes pieces, one behind the other, to a file that does not exist yet. */
export async function writeStream({
  pieces,
  output,
}: {
  readonly pieces: AsyncIterable<{ readonly bytes: Buffer }>;
  readonly output: string;
}): Promise<void> {
  const handle = await open(output, 'wx');
  try {
    let position = 0;
    for await (const { bytes } of pieces) {
      await writeFully(handle, bytes, position);
      position += bytes.length;
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
