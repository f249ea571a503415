import { corruptArchive } from './errors.ts';
import { number, recordBytes } from './tar-header.ts';

/** A sparse file, as GNU tar stores one: its data, and where each piece of it belongs. */
export interface SparseMap {
  /** Of the file with its holes, in bytes. */
  readonly size: number;
  /** In ascending order, without overlap. */
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
}

/** A million pieces of a file: a map of more is there to take memory. */
const maxPieces = 1_000_000;

export function checkedMap({ size, pieces }: SparseMap, storedBytes: number): SparseMap {
  let end = 0;
  let total = 0;
  for (const { offset, length } of pieces) {
    if (offset < end || !Number.isSafeInteger(offset + length)) throw corrupt();
    end = offset + length;
    total += length;
  }
  if (end > size || total !== storedBytes) throw corrupt();
  return { size, pieces };
}

const corrupt = () => corruptArchive('tar', 'the map of a sparse file contradicts its data');

/** The old format: four pieces in the header at 386, more in the records behind it, where the byte behind them is 1. */
export async function readOldMap(
  header: Buffer,
  nextRecord: () => Promise<Buffer>,
): Promise<Pick<SparseMap, 'size' | 'pieces'>> {
  const pieces = oldPieces(header.subarray(386, 482));
  let isExtended = header[482] === 1;
  while (isExtended) {
    const record = await nextRecord();
    pieces.push(...oldPieces(record.subarray(0, 504)));
    if (pieces.length > maxPieces) throw corrupt();
    isExtended = record[504] === 1;
  }
  return { size: number(header.subarray(483, 495)), pieces };
}

function oldPieces(fields: Buffer): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at + 24 <= fields.length; at += 24) {
    if (fields[at] === 0) break;
    const piece = {
      offset: number(fields.subarray(at, at + 12)),
      length: number(fields.subarray(at + 12, at + 24)),
    };
    // The last piece ends the file, and may be empty.
    if (piece.length > 0) pieces.push(piece);
  }
  return pieces;
}

/** Formats 0.0 and 0.1: in the extended header. Undefined where there is none. */
export function paxMap(records: readonly (readonly [string, string])[]): readonly Piece[] | undefined {
  const numbers = records.flatMap(([key, value]) => {
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') return [value];
    return key === 'GNU.sparse.map' ? value.split(',') : [];
  });
  return numbers.length === 0 ? undefined : piecesOf(numbers);
}

/** Format 1.0: decimal lines in front of the data, how many pieces first, filled up to whole records. */
export async function readMapInData(
  nextRecord: () => Promise<Buffer>,
): Promise<{ readonly pieces: readonly Piece[]; readonly mapBytes: number }> {
  let bytes = Buffer.alloc(0);
  const lines: string[] = [];
  let wanted = 1;
  let mapBytes = 0;
  while (lines.length < wanted) {
    const newline = bytes.indexOf(0x0a);
    if (newline < 0) {
      if (bytes.length > 20) throw corrupt();
      bytes = Buffer.concat([bytes, await nextRecord()]);
      mapBytes += recordBytes;
      continue;
    }
    lines.push(bytes.toString('latin1', 0, newline));
    bytes = bytes.subarray(newline + 1);
    if (lines.length === 1) {
      const count = decimal(lines[0]!);
      if (count > maxPieces) throw corrupt();
      wanted = 1 + 2 * count;
    }
  }
  return { pieces: piecesOf(lines.slice(1)), mapBytes };
}

function piecesOf(numbers: readonly string[]): readonly Piece[] {
  if (numbers.length % 2 !== 0 || numbers.length > 2 * maxPieces) throw corrupt();
  const pieces: Piece[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const piece = { offset: decimal(numbers[at]!), length: decimal(numbers[at + 1]!) };
    if (piece.length > 0) pieces.push(piece);
  }
  return pieces;
}

function decimal(digits: string): number {
  if (!/^\d{1,15}$/.test(digits)) throw corrupt();
  return Number(digits);
}
