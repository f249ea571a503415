import { crc32 } from 'node:zlib';
import { adler32 } from '@ec2-image/checksum';
import { fillWithZeros } from '../block.ts';
import { createDeflater, type Deflater } from './deflater.ts';
import { JobFault } from './job-fault.ts';
import type { DeflateJob, DeflateResult } from './jobs.ts';
import type { PieceReader } from './piece-reader.ts';
import { kinds, type Piece, pieceAt, pieceCount } from './pieces.ts';
import { createPlaces } from './stream-places.ts';

/**
 * Makes a zlib stream (RFC 1950) of each unit, in the job's buffer. A unit that is one deflated cluster of the file keeps its
 * deflate stream, which gets zlib's header and checksum; any other is deflated. Each is inflated where it stands, once: the sum of
 * a unit is that of what its finished stream holds.
 */
export function deflateUnits(
  reader: PieceReader,
  job: DeflateJob,
  isCancelled: () => boolean,
): { readonly result: DeflateResult; readonly transfer: ArrayBuffer[] } {
  const { plain, zeros } = scratchFor(job.unitBytes);
  const unit = plain.subarray(0, job.unitBytes);
  const output = Buffer.from(job.buffer);
  const places = createPlaces(job);
  const lengths: number[] = [];
  const sums: number[] = [];

  /** How long the deflate stream is that begins behind zlib's header; its content is in `plain` then. */
  const inflateAt = (target: Buffer, bytes: number) =>
    reader.inflater.inflateEnded(target.subarray(zlibHeader.length, bytes), plain, job.unitBytes);

  function putCluster(pieces: Float64Array, target: Buffer): number | undefined {
    const piece = onlyPiece(pieces);
    const isUnit = piece?.length === job.unitBytes && job.clusterSize === job.unitBytes;
    if (piece?.kind !== kinds.deflate || !isUnit) return undefined;
    zlibHeader.copy(target);
    const copied = reader.readCompressed(job.fd, piece).copy(target, zlibHeader.length);
    const used = inflateAt(target, zlibHeader.length + copied);
    // One that is longer than its content was made to be.
    if (used === undefined || used > job.unitBytes) return undefined;
    return target.writeUInt32BE(adler32(unit), zlibHeader.length + used);
  }

  function putDeflated(pieces: Float64Array, target: Buffer): number {
    unit.fill(0);
    reader.read(job, pieces, unit, isCancelled);
    if (unit.equals(zeros)) return 0;
    const length = deflaterFor(job.level)(unit, target);
    const used = inflateAt(target, length);
    if (used !== length - zlibHeader.length - adlerBytes)
      throw new Error('what zlib has deflated does not inflate');
    return length;
  }

  for (const pieces of job.units) {
    if (isCancelled()) throw new JobFault('cancelled', 'the job is cancelled');
    const from = places.end;
    const start = places.next;
    const target = output.subarray(start);
    const length = putCluster(pieces, target) ?? putDeflated(pieces, target);
    lengths.push(length);
    sums.push(length > 0 ? crc32(unit) : 0);
    if (length === 0) continue;
    places.place(length);
    if (places.end > output.length) throw new RangeError(`a stream of ${length} bytes for a unit`);
    fillWithZeros(output, from, start);
    fillWithZeros(output, start + length, places.end);
  }
  return { result: { lengths, sums }, transfer: [] };
}

interface Scratch {
  /** A byte more than a unit: what the end of a stream is known by. */
  readonly plain: Buffer;
  readonly zeros: Buffer;
}

let scratch: Scratch | undefined;

/** Memory of the thread, which does one job at a time. */
function scratchFor(unitBytes: number): Scratch {
  if (scratch?.zeros.length !== unitBytes)
    scratch = { plain: Buffer.allocUnsafeSlow(unitBytes + 1), zeros: Buffer.alloc(unitBytes) };
  return scratch;
}

const deflaters = new Map<number, Deflater>();

function deflaterFor(level: number): Deflater {
  const deflater = deflaters.get(level) ?? createDeflater(level);
  deflaters.set(level, deflater);
  return deflater;
}

/** CMF and FLG: deflate, a window of 32 KiB, of which qcow2 uses 4 KiB, and the usual level. */
const zlibHeader = Buffer.from([0x78, 0x9c]);
/** At the end, big-endian. */
const adlerBytes = 4;

function onlyPiece(pieces: Float64Array): Piece | undefined {
  return pieceCount(pieces) === 1 ? pieceAt(pieces, 0) : undefined;
}
