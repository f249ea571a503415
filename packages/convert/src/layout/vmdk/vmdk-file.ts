import { crc32 } from 'node:zlib';
import { createChecksum } from '@ec2-image/checksum';
import type { ByteSource } from '@ec2-image/image-headers';
import { diskDiffers } from '../../errors.ts';
import { firstWhere } from '../first-where.ts';
import { presentFrom } from '../present.ts';
import { batchMaker, type VmdkOptions, type VmdkPiece, vmdkPieces } from './vmdk-pieces.ts';

/** Where everything in a VMDK is, which is known once all of it has been made. Some KiB for each 32 MiB of data. */
export interface VmdkIndex {
  /** Of the file, in bytes. */
  readonly size: number;
  /** CRC32 of all of it, in base64. */
  readonly checksum: string;
  readonly pieces: readonly IndexedPiece[];
}

interface Place {
  /** In the file, in bytes. */
  readonly at: number;
  readonly length: number;
  readonly crc: number;
}
type IndexedPiece = Place &
  ({ readonly bytes: Buffer } | { readonly batch: number; readonly bytes?: undefined });

/** Notes the pieces of a file as they are made, from front to back. */
export function createVmdkIndex() {
  const pieces: IndexedPiece[] = [];
  const checksum = createChecksum('CRC32');
  let size = 0;
  return {
    add({ bytes, batch }: VmdkPiece): void {
      checksum.update(bytes);
      const place = { at: size, length: bytes.length, crc: crc32(bytes) };
      pieces.push(batch === undefined ? { ...place, bytes } : { ...place, batch });
      size += bytes.length;
    },
    end: (): VmdkIndex => ({ size, checksum: checksum.digest(), pieces }),
  };
}

/**
 * Makes the whole file, for its index alone.
 *
 * @throws as {@link vmdkPieces}
 */
export async function indexVmdk(options: VmdkOptions): Promise<VmdkIndex> {
  const index = createVmdkIndex();
  for await (const piece of vmdkPieces(options)) index.add(piece);
  return index.end();
}

/** Batches that are made ahead of who reads from the front. */
const batchesAhead = 2;
/** QEMU reads some blocks at a time, each grain with the next few behind it: what it reads next is within so many batches. */
const batchesKept = 16;

/**
 * The bytes of a VMDK that is nowhere as a file: each reading makes again what it reads.
 *
 * @throws from reading: ConvertError `DISK_DIFFERS` where the same is made otherwise than before
 */
export function vmdkBytes(
  { size, pieces }: VmdkIndex,
  { reader, present: extents, signal }: VmdkOptions,
): ByteSource {
  const makeBatch = batchMaker({ reader, present: presentFrom(extents, reader.sizeBytes), signal });
  const made = createCache(batchesKept);

  function bytesOf(index: number): Buffer | Promise<Buffer> {
    const piece = pieces[index]!;
    if (piece.bytes) return piece.bytes;
    return made(piece.batch, async () => {
      const bytes = await makeBatch(piece.batch);
      if (crc32(bytes) === piece.crc) return bytes;
      throw diskDiffers('it is made otherwise from one time to the next', { at: piece.at });
    });
  }

  return {
    size,
    async read(start, wanted) {
      const end = Math.min(start + wanted, size);
      if (start >= end) return Buffer.alloc(0);
      const found: Buffer[] = [];
      const first = firstWhere(pieces.length, (index) => pieces[index]!.at + pieces[index]!.length > start);
      for (let index = first; index < pieces.length && pieces[index]!.at < end; index++) {
        const { at } = pieces[index]!;
        const making = bytesOf(index);
        for (let next = index + 1; next <= Math.min(index + batchesAhead, pieces.length - 1); next++)
          bytesOf(next);
        const piece = await making;
        found.push(piece.subarray(Math.max(at, start) - at, Math.min(at + piece.length, end) - at));
      }
      // Most of what QEMU reads is within one piece, and is not copied.
      return found.length === 1 ? found[0]! : Buffer.concat(found);
    },
  };
}

/** Makes what is asked for by its key, and keeps what was asked for last. */
function createCache(count: number) {
  const kept = new Map<number, Promise<Buffer>>();
  return (key: number, make: () => Promise<Buffer>): Promise<Buffer> => {
    const known = kept.get(key);
    kept.delete(key);
    const making = known ?? make();
    // Handled where it is awaited, or ignored where nobody reads so far.
    if (!known) making.catch(() => {});
    kept.set(key, making);
    const [oldest] = kept.keys();
    if (kept.size > count) kept.delete(oldest!);
    return making;
  };
}
