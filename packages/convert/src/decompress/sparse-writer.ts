import type { FileHandle } from 'node:fs/promises';

/** Zeros of this length, at a multiple of it, become a hole. Every file system's block divides it. */
const holeBytes = 64 * 1024;
const bufferBytes = 1024 ** 2;
const zeros = Buffer.alloc(holeBytes);

/**
 * Writes a stream to a new file, leaving out its zeros.
 *
 * @returns the file's size, in bytes; what it would be without the holes
 */
export async function writeSparse(
  handle: FileHandle,
  chunks: AsyncIterable<Buffer>,
  onBytes: (total: number) => void,
): Promise<number> {
  const buffer = Buffer.alloc(bufferBytes);
  let [position, filled] = [0, 0];
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.length; ) {
      const copied = chunk.copy(buffer, filled, taken);
      taken += copied;
      filled += copied;
      if (filled < bufferBytes) continue;
      await writeRuns(handle, buffer, position);
      position += filled;
      filled = 0;
    }
    onBytes(position + filled);
  }
  await writeRuns(handle, buffer.subarray(0, filled), position);
  await handle.truncate(position + filled);
  return position + filled;
}

/** Neighbouring pieces that hold data go out in one write. */
async function writeRuns(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let runStart: number | undefined;
  for (let at = 0; at < bytes.length; at += holeBytes) {
    const piece = bytes.subarray(at, at + holeBytes);
    const isHole = piece.equals(piece.length === holeBytes ? zeros : zeros.subarray(0, piece.length));
    if (!isHole) runStart ??= at;
    else if (runStart !== undefined) {
      await writeAll(handle, bytes.subarray(runStart, at), position + runStart);
      runStart = undefined;
    }
  }
  if (runStart !== undefined) await writeAll(handle, bytes.subarray(runStart), position + runStart);
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
