import { deflateSync } from 'node:zlib';
import { adler32 } from '@ec2-image/checksum';
import { JobFault } from './job-fault.ts';
import type { DeflateJob, DeflateResult } from './jobs.ts';
import type { PieceReader } from './piece-reader.ts';
import { kinds, type Piece, pieceAt, pieceCount } from './pieces.ts';
import { createPlaces } from './stream-places.ts';

/**
 * Makes a zlib stream (RFC 1950) of each unit, in the job's buffer. A unit that is one deflated cluster of the file keeps its
 * deflate stream, which gets zlib's header and checksum; any other is deflated.
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

  /** Puts what a unit's stream is made of there, and returns its length. */
  function put(...parts: readonly Uint8Array[]): number {
    const from = places.end;
    const start = places.next;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    places.place(length);
    if (places.end > output.length) throw new RangeError(`a stream of ${length} bytes for a unit`);
    output.fill(0, from, start);
    let at = start;
    for (const part of parts) {
      output.set(part, at);
      at += part.length;
    }
    output.fill(0, at, places.end);
    return length;
  }

  const lengths = job.units.map((pieces) => {
    if (isCancelled()) throw new JobFault('cancelled', 'the job is cancelled');
    const stream = deflateStream(reader, job, pieces, plain);
    if (stream) return put(zlibHeader, stream, adler32Bytes(unit));
    unit.fill(0);
    reader.read(job, pieces, unit, isCancelled);
    if (unit.equals(zeros)) return 0;
    return put(deflateSync(unit, { level: job.level, chunkSize: job.unitBytes + 1024 }));
  });
  return { result: { lengths }, transfer: [] };
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

/** CMF and FLG: deflate, a window of 32 KiB, of which qcow2 uses 4 KiB, and the usual level. */
const zlibHeader = Buffer.from([0x78, 0x9c]);

/** The deflate stream of a unit that is one deflated cluster; its content is in `plain` then. */
function deflateStream(
  reader: PieceReader,
  { fd, clusterSize, unitBytes }: DeflateJob,
  pieces: Float64Array,
  plain: Buffer,
): Buffer | undefined {
  const piece = onlyPiece(pieces);
  if (piece?.kind !== kinds.deflate || piece.length !== unitBytes || clusterSize !== unitBytes)
    return undefined;
  const stream = reader.readCompressed(fd, piece);
  const used = reader.inflater.inflateEnded(stream, plain, unitBytes);
  // One that is longer than its content was made to be.
  return used === undefined || used > unitBytes ? undefined : stream.subarray(0, used);
}

function adler32Bytes(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(adler32(bytes));
  return checksum;
}

function onlyPiece(pieces: Float64Array): Piece | undefined {
  return pieceCount(pieces) === 1 ? pieceAt(pieces, 0) : undefined;
}
