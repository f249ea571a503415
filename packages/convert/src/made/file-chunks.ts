import { availableParallelism } from 'node:os';
import { inOrder } from '../layout/in-order.ts';
import type { MadeDisk, PlannedFile } from './made-disk.ts';
import type { FileRange, MadeRange } from './make-range.ts';
import type { StreamedFile } from './streamed-file.ts';

/** Of a planned file, made at a time by one thread. */
const rangeBytes = 2 * 2 ** 20;
/** Of one that comes front to back, whose ranges of the head wait for its end. */
const streamedRangeBytes = 8 * 2 ** 20;
/** Ranges made while one is used: enough for the cores of a large machine, and 16 MiB of memory. */
const ahead = Math.min(availableParallelism() + 1, 8);

/** All of a file, from the front: each chunk until the next one is asked for. */
export function fileChunks(file: MadeDisk['file'], signal?: AbortSignal): AsyncGenerator<Buffer> {
  return 'size' in file ? plannedChunks(file, signal) : streamedChunks(file, signal);
}

async function* plannedChunks({ size, make }: PlannedFile, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const spare: SharedArrayBuffer[] = [];
  const made = inOrder(
    ranges(size, rangeBytes),
    (range) => make(range, { buffer: spare.pop() ?? new SharedArrayBuffer(rangeBytes), signal }),
    { ahead },
  );
  for await (const { buffer, bytes } of made) {
    yield bytes;
    spare.push(buffer);
  }
}

async function* streamedChunks(
  { maxSize, make }: StreamedFile,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  let made: MadeRange | undefined;
  for (const range of ranges(maxSize, streamedRangeBytes)) {
    made = await make(range, { buffer: made?.buffer ?? new SharedArrayBuffer(streamedRangeBytes), signal });
    if (!made) return;
    yield made.bytes;
  }
}

function* ranges(size: number, length: number): Generator<FileRange> {
  for (let start = 0; start < size; start += length) yield { start, end: Math.min(start + length, size) };
}
