import { type FileHandle, open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Extent, ImageReader } from '@ec2-image/disk-blocks';
import { fillRange, lengthOf } from './fill-range.ts';
import { inOrder } from './in-order.ts';
import type { DiskLayout, Piece } from './layout.ts';
import { writeFully } from './write-stream.ts';

export interface WritePlannedOptions {
  readonly layout: DiskLayout;
  readonly reader: ImageReader;
  /** A file that does not exist yet. */
  readonly output: string;
  readonly signal?: AbortSignal;
  /** In bytes of the file. */
  readonly onBytes?: (done: number) => void;
}

/** Read at a time, by one thread. */
const rangeBytes = 2 * 1024 ** 2;
/** Ranges read while one is written: enough for the cores of a large machine, and 16 MiB of memory. */
const ahead = Math.min(availableParallelism() + 1, 8);

/**
 * Writes a planned file from front to back, its bytes where the plan has them and holes elsewhere.
 *
 * @throws DiskBlocksError of an image that cannot be read; what the system says of a file that cannot be written
 */
export async function writePlanned(options: WritePlannedOptions): Promise<void> {
  const { layout, reader, output, signal, onBytes } = options;
  const spare: SharedArrayBuffer[] = [];
  const handle = await open(output, 'wx');
  try {
    const filled = inOrder(
      ranges(layout.fileSize),
      async (range) => {
        signal?.throwIfAborted();
        return { range, ...(await contentOf(range, { layout, reader, signal, spare })) };
      },
      { ahead },
    );
    for await (const { range, pieces, buffer } of filled) {
      signal?.throwIfAborted();
      if (buffer) {
        await writeRuns(handle, pieces, { data: Buffer.from(buffer), offset: range.offset });
        spare.push(buffer);
      }
      onBytes?.(range.offset + range.length);
    }
    await handle.truncate(layout.fileSize);
  } finally {
    await handle.close();
  }
}

function* ranges(fileSize: number): Generator<Extent> {
  for (let offset = 0; offset < fileSize; offset += rangeBytes)
    yield { offset, length: Math.min(rangeBytes, fileSize - offset) };
}

/** A range's pieces, and a buffer with their bytes where it has any. */
async function contentOf(
  range: Extent,
  {
    spare,
    ...options
  }: Pick<WritePlannedOptions, 'layout' | 'reader' | 'signal'> & { readonly spare: SharedArrayBuffer[] },
): Promise<{ readonly pieces: readonly Piece[]; readonly buffer?: SharedArrayBuffer }> {
  const pieces = [...options.layout.pieces(range)];
  if (pieces.length === 0) return { pieces };
  const buffer = spare.pop() ?? new SharedArrayBuffer(rangeBytes);
  return { pieces, buffer: (await fillRange({ ...options, range, buffer })).buffer };
}

/** Pieces that touch are written at once. */
async function writeRuns(
  handle: FileHandle,
  pieces: readonly Piece[],
  { data, offset }: { readonly data: Buffer; readonly offset: number },
): Promise<void> {
  for (let index = 0; index < pieces.length; ) {
    const start = pieces[index]!.at;
    let end = start;
    for (; pieces[index]?.at === end; index++) end += lengthOf(pieces[index]!);
    await writeFully(handle, data.subarray(start, end), offset + start);
  }
}
