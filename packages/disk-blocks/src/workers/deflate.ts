import { deflateSync } from 'node:zlib';
import { adler32 } from '@ec2-image/checksum';
import { JobFault } from './job-fault.ts';
import type { DeflateJob, DeflateResult } from './jobs.ts';
import type { PieceReader } from './piece-reader.ts';
import { kinds, type Piece, pieceAt, pieceCount } from './pieces.ts';
import { placeStreams } from './stream-places.ts';

/**
 * Makes a zlib stream (RFC 1950) of each unit. A unit that is one deflated cluster of the file keeps its deflate stream,
 * which gets zlib's header and checksum; any other is deflated.
 */
export function deflateUnits(
  reader: PieceReader,
  job: DeflateJob,
  isCancelled: () => boolean,
): { readonly result: DeflateResult; readonly transfer: ArrayBuffer[] } {
  // A byte more than a unit: what the end of a stream is known by.
  const plain = Buffer.allocUnsafeSlow(job.unitBytes + 1);
  const unit = plain.subarray(0, job.unitBytes);
  const zeros = Buffer.alloc(job.unitBytes);
  const streams = job.units.map((pieces) => {
    if (isCancelled()) throw new JobFault('cancelled', 'the job is cancelled');
    const rewrapped = rewrap(reader, job, pieces, plain);
    if (rewrapped) return rewrapped;
    unit.fill(0);
    reader.read(job, pieces, unit, isCancelled);
    if (unit.equals(zeros)) return undefined;
    return deflateSync(unit, { level: job.level, chunkSize: job.unitBytes + 1024 });
  });
  const lengths = streams.map((stream) => stream?.length ?? 0);
  const places = placeStreams(lengths, job);
  const placeInto = (bytes: Uint8Array) => {
    for (const [index, stream] of streams.entries()) if (stream) bytes.set(stream, places.at[index]);
  };
  if (job.buffer && places.sizeBytes <= job.buffer.byteLength) {
    placeInto(new Uint8Array(job.buffer, 0, places.sizeBytes).fill(0));
    return { result: { bytes: undefined, lengths }, transfer: [] };
  }
  const bytes = new Uint8Array(places.sizeBytes);
  placeInto(bytes);
  return { result: { bytes, lengths }, transfer: [bytes.buffer] };
}

/** CMF and FLG: deflate, a window of 32 KiB, of which qcow2 uses 4 KiB, and the usual level. */
const zlibHeader = Buffer.from([0x78, 0x9c]);

function rewrap(
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
  if (used === undefined || used > unitBytes) return undefined;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(adler32(plain.subarray(0, unitBytes)));
  return Buffer.concat([zlibHeader, stream.subarray(0, used), checksum]);
}

function onlyPiece(pieces: Float64Array): Piece | undefined {
  return pieceCount(pieces) === 1 ? pieceAt(pieces, 0) : undefined;
}
