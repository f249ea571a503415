import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from '@ec2-image/image-headers';

const chunkBytes = 4 * 1024 ** 2;
/** What is left out where it is zeros: the page size of every file system that has holes. */
const holeBytes = 64 * 1024;
const zeros = Buffer.alloc(holeBytes);

/** Copies the source into a new file of its size, with holes where it is zeros. */
export async function sparseCopy(
  source: ByteSource,
  path: string,
  {
    signal,
    inspect,
    onProgress,
  }: {
    signal: AbortSignal;
    /** Given the bytes in order, each chunk in whole sectors but the last. */
    inspect?: (chunk: Buffer, offset: number) => Promise<void>;
    onProgress: (copiedBytes: number) => void;
  },
): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.truncate(source.size);
    for (let offset = 0; offset < source.size; offset += chunkBytes) {
      signal.throwIfAborted();
      const wanted = Math.min(chunkBytes, source.size - offset);
      const chunk = await source.read(offset, wanted);
      if (chunk.length !== wanted)
        throw new Error(`the object ends at ${offset + chunk.length} of ${source.size}`);
      await inspect?.(chunk, offset);
      await writeData(file, chunk, offset);
      onProgress(offset + wanted);
    }
  } finally {
    await file.close();
  }
}

async function writeData(file: FileHandle, chunk: Buffer, at: number): Promise<void> {
  let start = 0;
  while (start < chunk.length) {
    while (start < chunk.length && isHole(chunk, start)) start += holeBytes;
    let end = start;
    while (end < chunk.length && !isHole(chunk, end)) end += holeBytes;
    end = Math.min(end, chunk.length);
    if (end > start) await file.write(chunk, start, end - start, at + start);
    start = end;
  }
}

function isHole(chunk: Buffer, start: number): boolean {
  const end = Math.min(start + holeBytes, chunk.length);
  return chunk.compare(zeros, 0, end - start, start, end) === 0;
}
