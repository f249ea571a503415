import type { ScanJob, ScanResult } from './jobs.ts';
import type { PieceReader } from './piece-reader.ts';
import { createPieceList, kinds, pieceAt, pieceCount } from './pieces.ts';

/** Tells which units hold something: a compressed cluster counts without being read, since none is made of zeros. */
export function scan(
  reader: PieceReader,
  job: ScanJob,
  isCancelled: () => boolean,
): { readonly result: ScanResult; readonly transfer: ArrayBuffer[] } {
  const { length, unitBytes, pieces } = job;
  const data = Buffer.alloc(length);
  const holds = new Uint8Array(Math.ceil(length / unitBytes));
  const readable = createPieceList();
  for (let index = 0; index < pieceCount(pieces); index++) {
    const { kind, at, length: bytes, fileOffset } = pieceAt(pieces, index);
    if (kind === kinds.plain) {
      readable.moveTo(at);
      readable.plain(fileOffset, bytes);
    } else if (kind !== kinds.zero)
      holds.fill(1, Math.floor(at / unitBytes), Math.ceil((at + bytes) / unitBytes));
  }
  reader.read(job, readable.rows(), data, isCancelled);
  const zeros = Buffer.alloc(unitBytes);
  for (let unit = 0; unit < holds.length; unit++) {
    const bytes = data.subarray(unit * unitBytes, (unit + 1) * unitBytes);
    if (!bytes.equals(zeros.subarray(0, bytes.length))) holds[unit] = 1;
  }
  return { result: { holds }, transfer: [holds.buffer] };
}
