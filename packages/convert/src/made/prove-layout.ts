import { createChecksum } from '@ec2-image/checksum';
import { type Block, blockSizeBytes, type Disk, diskBlocks, type Extent } from '@ec2-image/disk-blocks';
import { ConvertError } from '../errors.ts';
import type { DiskLayout } from '../layout/layout.ts';

export interface ProveLayoutOptions {
  readonly layout: DiskLayout;
  /** The image's content as it is read on its own: by QEMU, whatever our reader makes of it. */
  readonly disk: Disk;
  readonly signal?: AbortSignal;
  /** In bytes of the file. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * CRC32 (base64) of the file that the layout describes, with the disk's bytes as `disk` has them.
 *
 * @throws ConvertError `DISK_DIFFERS` where `disk` has data that the layout leaves out
 */
export async function proveLayout({ layout, disk, signal, onProgress }: ProveLayoutOptions): Promise<string> {
  const checksum = createChecksum('CRC32');
  let position = 0;
  const feed = (bytes: Uint8Array) => {
    checksum.update(bytes);
    position += bytes.length;
  };
  const feedZeros = (end: number) => {
    while (position < end) feed(zeros.subarray(0, end - position));
  };
  const content = createContent(diskBlocks({ disk, signal }));
  for (const piece of layout.pieces({ offset: 0, length: layout.fileSize })) {
    feedZeros(piece.at);
    if ('bytes' in piece) feed(piece.bytes);
    else for await (const bytes of content.read(piece)) feed(bytes);
    onProgress?.({ done: position, total: layout.fileSize });
  }
  await content.end();
  feedZeros(layout.fileSize);
  return checksum.digest();
}

const zeros = Buffer.alloc(2 ** 20);

/** Reads a disk from the front by stretches; what they leave out has to be zeros. */
function createContent(blocks: AsyncIterator<Block>) {
  let block: Block | undefined;
  let hasEnded = false;
  /** Up to where the disk has been read, in bytes. */
  let position = 0;

  /** The block that holds data at `position`, or the first one behind it. */
  async function current(): Promise<Block | undefined> {
    while (!hasEnded && (!block || (block.index + 1) * blockSizeBytes <= position)) {
      block?.release();
      const { value, done } = await blocks.next();
      hasEnded = done === true;
      block = done ? undefined : value;
    }
    return block;
  }

  async function skipTo(end: number): Promise<void> {
    while (position < end) {
      const found = await current();
      const start = found ? found.index * blockSizeBytes : end;
      if (start >= end) {
        position = end;
        return;
      }
      const from = Math.max(position, start);
      const to = Math.min(end, start + blockSizeBytes);
      const left = found!.data.subarray(from - start, to - start);
      if (!left.equals(zeros.subarray(0, left.length))) throw leftOut(from);
      position = to;
    }
  }

  return {
    async *read({ offset, length }: Extent): AsyncGenerator<Uint8Array> {
      await skipTo(offset);
      const end = offset + length;
      while (position < end) {
        const found = await current();
        const start = Math.min(found ? found.index * blockSizeBytes : end, end);
        while (position < start) {
          const gap = zeros.subarray(0, start - position);
          yield gap;
          position += gap.length;
        }
        if (position >= end) return;
        const blockStart = found!.index * blockSizeBytes;
        const to = Math.min(end, blockStart + blockSizeBytes);
        yield found!.data.subarray(position - blockStart, to - blockStart);
        position = to;
      }
    },
    async end(): Promise<void> {
      await skipTo(Number.MAX_SAFE_INTEGER);
    },
  };
}

function leftOut(offset: number): ConvertError {
  return new ConvertError(
    'DISK_DIFFERS',
    `QEMU finds data in the image that ec2-image takes for zeros, at byte ${offset} of the disk`,
    {
      hint: 'Use --converter qemu-img, and report this with the image.',
      facts: { offset },
    },
  );
}
