import { ImageHeaderError, type Qcow2Header } from '@ec2-image/image-headers';
import { type Kind, kinds } from '../workers/pieces.ts';

/** What decides how an L2 table is read. All sizes are in bytes. */
export interface TableFacts {
  readonly header: Qcow2Header;
  readonly clusterSize: number;
  readonly fileSize: number;
}

/** A run of the disk that lies together in the file: a whole cluster where it is compressed. */
export interface Run {
  readonly kind: Kind;
  /** On the disk; the run may reach beyond its end. */
  readonly offset: number;
  readonly length: number;
  readonly fileOffset: number;
  readonly fileLength: number;
}

/** Told of each run: always by the same object, since a map of few bytes can have millions of them. */
export type TakeRun = (run: Run) => void;

export interface Table {
  readonly bytes: Buffer;
  /** Where on the disk its first cluster lies. */
  readonly start: number;
}

/**
 * Reads runs of an L2 table, checked as QEMU checks them when it reads (QEMU's docs/interop/qcow2, "L2 table entry";
 * qcow2_get_host_offset), and against the size of the file.
 */
export interface RunReader {
  /**
   * The runs of the clusters `first` up to `end` of the table, in order.
   *
   * @throws ImageHeaderError `CORRUPT_IMAGE`, `TRUNCATED_IMAGE`
   */
  read(table: Table, clusters: { readonly first: number; readonly end: number }): void;
}

export function createRunReader(facts: TableFacts, take: TakeRun): RunReader {
  const { clusterSize, fileSize, header } = facts;
  const width = header.extendedL2 ? 16 : 8;
  const run: Writable<Run> = { kind: kinds.zero, offset: 0, length: 0, fileOffset: 0, fileLength: 0 };

  function zeros(offset: number, length: number): void {
    run.kind = kinds.zero;
    run.offset = offset;
    run.length = length;
    run.fileOffset = 0;
    run.fileLength = 0;
    take(run);
  }

  /** Begins inside the file. Beyond its end come zeros, as QEMU reads them: the last cluster may not be there as a whole. */
  function inFile(offset: number, length: number, fileOffset: number): void {
    if (fileOffset >= fileSize) throw beyondFile('a cluster', fileOffset, fileSize);
    const fileLength = Math.min(length, fileSize - fileOffset);
    run.kind = kinds.plain;
    run.offset = offset;
    run.length = fileLength;
    run.fileOffset = fileOffset;
    run.fileLength = fileLength;
    take(run);
    if (fileLength < length) zeros(offset + fileLength, length - fileLength);
  }

  /** "Compressed Clusters Descriptor": the offset has 62 - (cluster_bits - 8) bits, the rest counts further sectors. */
  function compressed(high: number, low: number, offset: number): void {
    const offsetBitsHigh = 62 - (header.clusterBits - 8) - 32;
    const fileOffset = (high & (2 ** offsetBitsHigh - 1)) * 2 ** 32 + low;
    const sectors = ((high & 0x3fffffff) >>> offsetBitsHigh) + 1;
    if (fileOffset < clusterSize)
      throw corruptMap(`the cluster at byte ${offset} of the disk would lie in the header`, offset);
    if (fileOffset >= fileSize) throw beyondFile('a compressed cluster', fileOffset, fileSize);
    run.kind = kinds[header.compression];
    run.offset = offset;
    run.length = clusterSize;
    run.fileOffset = fileOffset;
    // The last of a file may be counted to the end of a sector that the file does not have.
    run.fileLength = Math.min(sectors * 512 - (low & 511), fileSize - fileOffset);
    take(run);
  }

  /** "Standard Cluster Descriptor". */
  function plain(high: number, low: number, offset: number): void {
    const fileOffset = offsetOf(high, low);
    const isZero = (low & 1) !== 0;
    if (isZero && header.version < 3)
      throw corruptMap('a zero cluster in a qcow2 of version 2, which has none', offset);
    requireAligned(fileOffset, low, offset, facts);
    if (isZero || fileOffset === 0) zeros(offset, clusterSize);
    else inFile(offset, clusterSize, fileOffset);
  }

  /** "Extended L2 Entries": bit x of the low half says that subcluster x lies in the file, of the high half that it reads as zeros. */
  function subclusters(bytes: Buffer, at: number, offset: number): void {
    const low = bytes.readUInt32BE(at + 4);
    const fileOffset = offsetOf(bytes.readUInt32BE(at), low);
    const zero = bytes.readUInt32BE(at + 8);
    const allocated = bytes.readUInt32BE(at + 12);
    requireAligned(fileOffset, low, offset, facts);
    if (fileOffset === 0 ? allocated !== 0 : (zero & allocated) !== 0)
      throw corruptMap(`the subclusters at byte ${offset} of the disk contradict each other`, offset);
    const size = clusterSize / 32;
    for (let from = 0, to = 1; from < 32; from = to++) {
      const isAllocated = (allocated >>> from) & 1;
      while (to < 32 && ((allocated >>> to) & 1) === isAllocated) to++;
      const length = (to - from) * size;
      if (isAllocated) inFile(offset + from * size, length, fileOffset + from * size);
      else zeros(offset + from * size, length);
    }
  }

  return {
    read({ bytes, start }, { first, end }) {
      for (let index = first; index < end; index++) {
        const high = bytes.readUInt32BE(index * width);
        const low = bytes.readUInt32BE(index * width + 4);
        const offset = start + index * clusterSize;
        if (high & compressedFlag) compressed(high, low, offset);
        else if (header.extendedL2) subclusters(bytes, index * width, offset);
        else plain(high, low, offset);
      }
    },
  };
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

const compressedFlag = 0x40000000;
/** Bits 9 to 55 of an entry are the offset; the highest byte holds flags. */
const offsetMaskHigh = 0x00ffffff;

function offsetOf(high: number, low: number): number {
  return (high & offsetMaskHigh) * 2 ** 32 + ((low & ~511) >>> 0);
}

function requireAligned(fileOffset: number, low: number, offset: number, { clusterSize }: TableFacts): void {
  // The low half tells: a cluster has 2 MiB at most.
  if (fileOffset !== 0 && (low & ~511 & (clusterSize - 1)) !== 0)
    throw corruptMap(
      `the cluster at byte ${offset} of the disk does not lie on a cluster of the file`,
      offset,
    );
}

const hint = 'Download the image again and compare its checksum with the published one.';

export function corruptMap(message: string, diskOffset: number): ImageHeaderError {
  return new ImageHeaderError('CORRUPT_IMAGE', message, { hint, facts: { diskOffset } });
}

export function beyondFile(what: string, fileOffset: number, fileSize: number): ImageHeaderError {
  return new ImageHeaderError(
    'TRUNCATED_IMAGE',
    `${what} of the qcow2 image would begin at byte ${fileOffset}, but the file has ${fileSize} bytes`,
    { hint, facts: { fileOffset, fileSize } },
  );
}
