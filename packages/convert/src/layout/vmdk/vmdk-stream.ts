import { availableParallelism } from 'node:os';
import type { Extent } from '@ec2-image/disk-blocks';
import { ConvertError } from '../../errors.ts';
import { requireRepresentable } from '../../qemu/output-format.ts';
import { inOrder } from '../in-order.ts';
import { type Present, presentBlocks, presentFrom, sectorSize, stretchesWithin } from '../present.ts';
import { grainBytes, grainRecord, grainsPerTable, tableRecord, vmdkHead, vmdkTail } from './vmdk-records.ts';

/** One zlib stream (RFC 1950) of 64 KiB for each grain asked for, undefined where it is all zeros. */
export type PackGrains = (grains: readonly number[]) => Promise<readonly (Uint8Array | undefined)[]>;

export interface VmdkOptions {
  /** In bytes, a multiple of 512. */
  readonly virtualSize: number;
  /** What of the disk may hold anything but zeros, in whole sectors: in order, without overlap. */
  readonly present: Iterable<Extent>;
  /** Of the image, as published: it makes the identifier in the file. */
  readonly digest: string;
  /** Asked for up to 16 neighbouring grains, and several times at once. */
  readonly pack: PackGrains;
  readonly signal?: AbortSignal;
}

/** Grains packed by one call. */
const batchBytes = 1024 ** 2;
const batchesPerTable = (grainsPerTable * grainBytes) / batchBytes;

/**
 * Writes a stream-optimized VMDK, from front to back: header and descriptor, grains with a table behind each 512 of them,
 * the directory of the tables, the footer. What it holds in memory is a few MiB, whatever the disk.
 *
 * @throws ConvertError `DISK_TOO_LARGE`
 * @throws RangeError where size or stretches are not as described
 */
export async function* vmdkStream(options: VmdkOptions): AsyncGenerator<Buffer> {
  const { virtualSize, digest, pack, signal } = options;
  requireRepresentable('vmdk', virtualSize);
  const present = presentFrom(options.present, virtualSize);
  const file = new Writer();
  const directory = new Uint32Array(Math.ceil(virtualSize / (grainsPerTable * grainBytes)));
  let table = new Uint32Array(grainsPerTable);
  let tableIndex = 0;
  function* endTable(): Generator<Buffer> {
    if (!table.some((sector) => sector !== 0)) return;
    directory[tableIndex] = file.sector + 1;
    yield file.place(tableRecord('grainTable', table));
    table = new Uint32Array(grainsPerTable);
  }

  yield file.place(vmdkHead({ identity: { digest, format: 'vmdk' }, virtualSize }));
  const packed = inOrder(
    presentBlocks(present, batchBytes),
    async (batch) => {
      const grains = grainsOf(batch, present);
      return { batch, grains, streams: await pack(grains) };
    },
    { ahead: availableParallelism() },
  );
  for await (const { batch, grains, streams } of packed) {
    signal?.throwIfAborted();
    const index = Math.floor(batch / batchesPerTable);
    if (index !== tableIndex) yield* endTable();
    tableIndex = index;
    for (const [i, grain] of grains.entries()) {
      const stream = streams[i];
      if (stream === undefined) continue;
      table[grain % grainsPerTable] = file.sector;
      yield file.place(grainRecord(grain, stream));
    }
  }
  yield* endTable();
  const directorySector = file.sector + 1;
  yield file.place(tableRecord('grainDirectory', directory));
  yield vmdkTail(virtualSize, directorySector);
}

/** The grains of a batch that are present in part at least. */
function grainsOf(batch: number, present: Present): number[] {
  const grains = new Set<number>();
  for (const { offset, length } of stretchesWithin(present, batch * batchBytes, (batch + 1) * batchBytes)) {
    const end = Math.ceil((offset + length) / grainBytes);
    for (let grain = Math.floor(offset / grainBytes); grain < end; grain++) grains.add(grain);
  }
  return [...grains];
}

/** Counts what has been written. */
class Writer {
  #bytes = 0;

  /**
   * Where the next record begins, as the tables say it: with 32 bits.
   *
   * @throws ConvertError `DISK_TOO_LARGE`
   */
  get sector(): number {
    const sector = this.#bytes / sectorSize;
    if (sector < 2 ** 32 - 1) return sector;
    throw new ConvertError(
      'DISK_TOO_LARGE',
      'a vmdk file is limited to 2 TiB, and this disk does not compress',
      {
        hint: 'Use --format vhdx or raw.',
        facts: {},
      },
    );
  }

  place(record: Buffer): Buffer {
    this.#bytes += record.length;
    return record;
  }
}
