import { availableParallelism } from 'node:os';
import type { Extent, ImageReader } from '@ec2-image/disk-blocks';
import { ConvertError } from '../../errors.ts';
import { requireRepresentable } from '../../qemu/output-format.ts';
import { inOrder } from '../in-order.ts';
import { type Present, presentBlocks, presentFrom, sectorSize, stretchesWithin } from '../present.ts';
import {
  grainBytes,
  grainLeadBytes,
  grainsPerTable,
  greatestRecordBytes,
  greatestVmdkBytes,
  tableRecord,
  vmdkHead,
  vmdkTail,
  writeGrainLead,
} from './vmdk-records.ts';

/** What a VMDK is made of. */
export interface VmdkSource {
  /** Gives grains as zlib streams, up to 16 at a time and several times at once. */
  readonly reader: Pick<ImageReader, 'sizeBytes' | 'deflate'>;
  /** What of the disk may hold anything but zeros, in whole sectors: in order, without overlap. */
  readonly present: Iterable<Extent>;
  /** Of the image, as published: it makes the identifier in the file. */
  readonly digest: string;
}

export interface VmdkOptions extends VmdkSource {
  readonly signal?: AbortSignal;
  /** In bytes of the disk. */
  readonly onBytes?: (done: number) => void;
}

/** A stretch of the file. */
export interface VmdkPiece {
  /** Those of grains are overwritten once the next piece is asked for. */
  readonly bytes: Buffer;
  /** Those that it holds, in order; undefined of what is not the disk's. */
  readonly grains?: readonly PlacedGrain[];
}

/** A grain that is not all zeros. */
export interface PlacedGrain {
  /** Its number on the disk. */
  readonly grain: number;
  /** Where its record begins in the piece, in bytes. */
  readonly at: number;
  /** Of its 64 KiB, as the record was inflated. */
  readonly crc32: number;
}

/** Of the disk, in one call. */
const batchBytes = 1024 ** 2;
const batchesPerTable = (grainsPerTable * grainBytes) / batchBytes;

/**
 * Makes a stream-optimized VMDK, from front to back: header and descriptor, grains with a table behind each 512 of them,
 * the directory of the tables, the footer. What it holds in memory is a few MiB, whatever the disk. A cluster that the image has
 * deflated is not deflated again.
 *
 * @throws ConvertError `DISK_TOO_LARGE`
 * @throws DiskBlocksError of an image that cannot be read
 * @throws RangeError where size or stretches are not as described
 */
export async function* vmdkPieces(options: VmdkOptions): AsyncGenerator<VmdkPiece> {
  const { reader, digest, signal, onBytes } = options;
  const virtualSize = reader.sizeBytes;
  requireRepresentable('vmdk', virtualSize);
  const present = presentFrom(options.present, virtualSize);
  const file = new Writer();
  const directory = new Uint32Array(tableCount(virtualSize));
  let table = new Uint32Array(grainsPerTable);
  let tableIndex = 0;
  function* endTable(): Generator<VmdkPiece> {
    if (!table.some((sector) => sector !== 0)) return;
    directory[tableIndex] = file.sectorAt(sectorSize);
    yield { bytes: file.place(tableRecord('grainTable', table)) };
    table = new Uint32Array(grainsPerTable);
  }

  yield { bytes: file.place(vmdkHead({ identity: { digest, format: 'vmdk' }, virtualSize })) };
  const memory = createBatchMemory();
  const deflated = inOrder(
    presentBlocks(present, batchBytes),
    async (batch) => {
      const buffer = memory.take();
      return { batch, buffer, ...(await grainRecords(batch, { reader, present, buffer, signal })) };
    },
    { ahead: availableParallelism() },
  );
  for await (const { batch, buffer, grains, bytes } of deflated) {
    signal?.throwIfAborted();
    const index = Math.floor(batch / batchesPerTable);
    if (index !== tableIndex) yield* endTable();
    tableIndex = index;
    for (const { grain, at } of grains) table[grain % grainsPerTable] = file.sectorAt(at);
    if (bytes.length > 0) yield { grains, bytes: file.place(bytes) };
    memory.give(buffer);
    onBytes?.(Math.min((batch + 1) * batchBytes, virtualSize));
  }
  yield* endTable();
  const directorySector = file.sectorAt(sectorSize);
  yield { bytes: file.place(tableRecord('grainDirectory', directory)) };
  yield { bytes: vmdkTail(virtualSize, directorySector) };
  onBytes?.(virtualSize);
}

/** The collector would count new memory for each batch, and come too late for it. */
function createBatchMemory() {
  const free: SharedArrayBuffer[] = [];
  return {
    take: () => free.pop() ?? new SharedArrayBuffer((batchBytes / grainBytes) * greatestRecordBytes),
    /** Once no thread writes into it any more. */
    give: (buffer: SharedArrayBuffer) => void free.push(buffer),
  };
}

/** What the file will not exceed, in bytes. */
export function greatestVmdkSize({ reader, present }: VmdkSource): number {
  const tables = tableCount(reader.sizeBytes);
  let grains = 0;
  for (const { offset, length } of present)
    grains += Math.ceil((offset + length) / grainBytes) - Math.floor(offset / grainBytes);
  return greatestVmdkBytes({ grains, tables });
}

function tableCount(virtualSize: number): number {
  return Math.ceil(virtualSize / (grainsPerTable * grainBytes));
}

/** The records of a batch one after the other, each filled up to whole sectors. */
async function grainRecords(
  batch: number,
  {
    reader,
    present,
    buffer,
    signal,
  }: Pick<VmdkOptions, 'reader' | 'signal'> & {
    readonly present: Present;
    readonly buffer: SharedArrayBuffer;
  },
): Promise<Required<VmdkPiece>> {
  const all = grainsOf(batch, present);
  const { bytes, streams } = await reader.deflate({
    offsets: all.map((grain) => grain * grainBytes),
    unitBytes: grainBytes,
    leadBytes: grainLeadBytes,
    alignBytes: sectorSize,
    buffer,
    signal,
  });
  const grains = all.flatMap((grain, index) => {
    const stream = streams[index];
    if (!stream) return [];
    const at = stream.offset - grainLeadBytes;
    writeGrainLead(bytes.subarray(at, stream.offset), grain, stream.length);
    return [{ grain, at, crc32: stream.crc32 }];
  });
  return { grains, bytes };
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
   * Where a record begins that is so many bytes behind what has been written, as the tables say it: with 32 bits.
   *
   * @throws ConvertError `DISK_TOO_LARGE`
   */
  sectorAt(ahead: number): number {
    const sector = (this.#bytes + ahead) / sectorSize;
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
