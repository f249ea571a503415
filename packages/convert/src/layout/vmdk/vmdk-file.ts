import { crc32 } from 'node:zlib';
import { createChecksum } from '@ec2-image/checksum';
import type { ByteSource } from '@ec2-image/image-headers';
import { diskDiffers } from '../../errors.ts';
import { firstWhere } from '../first-where.ts';
import { presentFrom } from '../present.ts';
import { type VmdkOptions, vmdkBatch, vmdkPieces } from './vmdk-pieces.ts';

/** A VMDK that is nowhere as a file: each reading makes again what it reads. */
export interface VmdkFile {
  /** CRC32 of all of it, in base64. */
  readonly checksum: string;
  readonly bytes: ByteSource;
}

interface Place {
  /** In the file, in bytes. */
  readonly at: number;
  readonly length: number;
}
type IndexedPiece = Place &
  ({ readonly bytes: Buffer } | { readonly batch: number; readonly crc: number; readonly bytes?: undefined });

/** Batches that are made at a time, ahead of who reads from the front. */
const batchesAhead = 4;

/**
 * Makes the whole file once, for where everything in it is, and its checksum. Holds some KiB in memory for each 32 MiB of data.
 *
 * @throws as {@link vmdkPieces}; from reading: ConvertError `DISK_DIFFERS` where the same is made otherwise than before
 */
export async function openVmdk(options: VmdkOptions): Promise<VmdkFile> {
  const { reader, signal } = options;
  const checksum = createChecksum('CRC32');
  const pieces: IndexedPiece[] = [];
  let size = 0;
  for await (const { bytes, batch } of vmdkPieces(options)) {
    checksum.update(bytes);
    const place = { at: size, length: bytes.length };
    pieces.push(batch === undefined ? { ...place, bytes } : { ...place, batch, crc: crc32(bytes) });
    size += bytes.length;
  }
  const present = presentFrom(options.present, reader.sizeBytes);
  const made = createCache(2 * batchesAhead);

  function bytesOf(index: number): Buffer | Promise<Buffer> {
    const piece = pieces[index]!;
    if (piece.bytes) return piece.bytes;
    return made(piece.batch, async () => {
      const bytes = await vmdkBatch(piece.batch, { reader, present, signal });
      if (crc32(bytes) === piece.crc) return bytes;
      throw diskDiffers('it is made otherwise from one time to the next', { at: piece.at });
    });
  }

  return {
    checksum: checksum.digest(),
    bytes: {
      size,
      async read(start, wanted) {
        const end = Math.min(start + wanted, size);
        const bytes = Buffer.alloc(Math.max(0, end - start));
        const first = firstWhere(pieces.length, (index) => pieces[index]!.at + pieces[index]!.length > start);
        for (let index = first; index < pieces.length && pieces[index]!.at < end; index++) {
          for (let next = index; next < Math.min(index + batchesAhead, pieces.length); next++) bytesOf(next);
          const { at } = pieces[index]!;
          const piece = await bytesOf(index);
          const from = Math.max(at, start);
          bytes.set(piece.subarray(from - at, Math.min(at + piece.length, end) - at), from - start);
        }
        return bytes;
      },
    },
  };
}

/** Makes what is asked for by its key, and keeps the last ones. */
function createCache(count: number) {
  const kept = new Map<number, Promise<Buffer>>();
  return (key: number, make: () => Promise<Buffer>): Promise<Buffer> => {
    const known = kept.get(key);
    if (known) return known;
    const making = make();
    // Handled where it is awaited, or ignored where nobody reads so far.
    making.catch(() => {});
    kept.set(key, making);
    const [oldest] = kept.keys();
    if (kept.size > count) kept.delete(oldest!);
    return making;
  };
}
