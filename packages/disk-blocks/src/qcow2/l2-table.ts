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

export interface Table {
  readonly bytes: Buffer;
  /** Where on the disk its first cluster lies. */
  readonly start: number;
}

/**
 * The runs of the clusters `first` up to `end` of a table, in order, checked as QEMU checks them when it reads
 * (QEMU's docs/interop/qcow2, "L2 table entry"; qcow2_get_host_offset), and against the size of the file.
 *
 * @throws ImageHeaderError `CORRUPT_IMAGE`, `TRUNCATED_IMAGE`
 */
export function* runsOf(
  { bytes, start }: Table,
  { first, end }: { readonly first: number; readonly end: number },
  facts: TableFacts,
): Generator<Run> {
  const { clusterSize, header } = facts;
  const width = header.extendedL2 ? 16 : 8;
  for (let index = first; index < end; index++) {
    const high = bytes.readUInt32BE(index * width);
    const low = bytes.readUInt32BE(index * width + 4);
    const offset = start + index * clusterSize;
    if (high & compressedFlag) yield compressedRun(high, low, offset, facts);
    else if (header.extendedL2) yield* subclusterRuns(bytes, index * width, offset, facts);
    else yield* plainRuns(high, low, offset, facts);
  }
}

const compressedFlag = 0x40000000;
/** Bits 9 to 55 of an entry are the offset; the highest byte holds flags. */
const offsetMaskHigh = 0x00ffffff;

function offsetOf(high: number, low: number): number {
  return (high & offsetMaskHigh) * 2 ** 32 + ((low & ~511) >>> 0);
}

/** "Compressed Clusters Descriptor": the offset has 62 - (cluster_bits - 8) bits, the rest counts further sectors. */
function compressedRun(
  high: number,
  low: number,
  offset: number,
  { clusterSize, fileSize, header }: TableFacts,
): Run {
  const offsetBitsHigh = 62 - (header.clusterBits - 8) - 32;
  const fileOffset = (high & (2 ** offsetBitsHigh - 1)) * 2 ** 32 + low;
  const sectors = ((high & 0x3fffffff) >>> offsetBitsHigh) + 1;
  if (fileOffset < clusterSize)
    throw corruptMap(`the cluster at byte ${offset} of the disk would lie in the header`, offset);
  if (fileOffset >= fileSize) throw beyondFile('a compressed cluster', fileOffset, fileSize);
  // The last of a file may be counted to the end of a sector that the file does not have.
  const fileLength = Math.min(sectors * 512 - (low & 511), fileSize - fileOffset);
  return { kind: kinds[header.compression], offset, length: clusterSize, fileOffset, fileLength };
}

/** "Standard Cluster Descriptor". */
function* plainRuns(high: number, low: number, offset: number, facts: TableFacts): Generator<Run> {
  const fileOffset = offsetOf(high, low);
  const isZero = (low & 1) !== 0;
  if (isZero && facts.header.version < 3)
    throw corruptMap('a zero cluster in a qcow2 of version 2, which has none', offset);
  requireAligned(fileOffset, low, offset, facts);
  yield* isZero || fileOffset === 0
    ? [zeroRun(offset, facts.clusterSize)]
    : inFile({ offset, length: facts.clusterSize, fileOffset }, facts);
}

/** "Extended L2 Entries": bit x of the low half says that subcluster x lies in the file, of the high half that it reads as zeros. */
function* subclusterRuns(bytes: Buffer, at: number, offset: number, facts: TableFacts): Generator<Run> {
  const low = bytes.readUInt32BE(at + 4);
  const fileOffset = offsetOf(bytes.readUInt32BE(at), low);
  const zeros = bytes.readUInt32BE(at + 8);
  const allocated = bytes.readUInt32BE(at + 12);
  requireAligned(fileOffset, low, offset, facts);
  if (fileOffset === 0 ? allocated !== 0 : (zeros & allocated) !== 0)
    throw corruptMap(`the subclusters at byte ${offset} of the disk contradict each other`, offset);
  const size = facts.clusterSize / 32;
  for (let from = 0, to = 1; from < 32; from = to++) {
    const isAllocated = (allocated >>> from) & 1;
    while (to < 32 && ((allocated >>> to) & 1) === isAllocated) to++;
    const run = { offset: offset + from * size, length: (to - from) * size };
    if (isAllocated) yield* inFile({ ...run, fileOffset: fileOffset + from * size }, facts);
    else yield zeroRun(run.offset, run.length);
  }
}

function requireAligned(fileOffset: number, low: number, offset: number, { clusterSize }: TableFacts): void {
  // The low half tells: a cluster has 2 MiB at most.
  if (fileOffset !== 0 && (low & ~511 & (clusterSize - 1)) !== 0)
    throw corruptMap(
      `the cluster at byte ${offset} of the disk does not lie on a cluster of the file`,
      offset,
    );
}

function zeroRun(offset: number, length: number): Run {
  return { kind: kinds.zero, offset, length, fileOffset: 0, fileLength: 0 };
}

/** Begins inside the file. Beyond its end come zeros, as QEMU reads them: the last cluster may not be there as a whole. */
function* inFile(
  { offset, length, fileOffset }: { offset: number; length: number; fileOffset: number },
  { fileSize }: TableFacts,
): Generator<Run> {
  if (fileOffset >= fileSize) throw beyondFile('a cluster', fileOffset, fileSize);
  const fileLength = Math.min(length, fileSize - fileOffset);
  yield { kind: kinds.plain, offset, length: fileLength, fileOffset, fileLength };
  if (fileLength < length) yield zeroRun(offset + fileLength, length - fileLength);
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
