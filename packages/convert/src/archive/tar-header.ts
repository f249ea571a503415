import { corruptArchive } from './errors.ts';

/** POSIX.1-2001, pax: a record of so many bytes; everything in a tar stands at multiples of it. */
export const recordBytes = 512;

export interface TarHeader {
  readonly name: string;
  /** `0` a file, `5` a directory, `S` a sparse file of GNU tar's old format, `x` and `g` pax headers, `L` a long name. */
  readonly type: string;
  /** What follows the header in the archive, in bytes. */
  readonly size: number;
  readonly record: Buffer;
}

/** @throws ConvertError `CORRUPT_ARCHIVE` where the checksum is wrong */
export function parseTarHeader(record: Buffer): TarHeader {
  const stored = octal(record.subarray(148, 156));
  const sum = record.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (stored !== sum) throw corruptArchive('tar', 'the checksum of a header is wrong');
  const isUstar = record.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? text(record.subarray(345, 500)) : '';
  const name = text(record.subarray(0, 100));
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    // Older archives have a zero byte for a file, and 7 meant one that stands in one piece.
    type: record[156] === 0 || record[156] === 0x37 ? '0' : String.fromCharCode(record[156]!),
    size: number(record.subarray(124, 136)),
    record,
  };
}

/** Octal digits, or where the first bit is set, the rest as a binary number (GNU). */
export function number(field: Buffer): number {
  const value = field[0]! & 0x80 ? binary(field) : octal(field);
  if (value === undefined || !Number.isSafeInteger(value))
    throw corruptArchive('tar', 'a size is not a number');
  return value;
}

function binary(field: Buffer): number | undefined {
  // A negative number, or more than any file has.
  if (field[0] !== 0x80 || field.subarray(1, -7).some((byte) => byte !== 0)) return undefined;
  return field.subarray(-7).reduce((total, byte) => total * 256 + byte, 0);
}

function octal(field: Buffer): number | undefined {
  const digits = /^ *([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits || '0', 8);
}

export function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** Records of a pax header, `<length> <key>=<value>\n` each. A later one of a key counts. */
export function parsePaxRecords(bytes: Buffer): readonly (readonly [key: string, value: string])[] {
  const records: [string, string][] = [];
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const blank = bytes.indexOf(0x20, at);
    const length = blank < 0 || blank - at > 10 ? Number.NaN : Number(bytes.toString('latin1', at, blank));
    const equals = bytes.indexOf(0x3d, blank);
    const end = at + length;
    if (
      !Number.isInteger(length) ||
      end > bytes.length ||
      equals < 0 ||
      equals >= end ||
      bytes[end - 1] !== 0x0a
    ) {
      throw corruptArchive('tar', 'an extended header cannot be read');
    }
    records.push([bytes.toString('utf8', blank + 1, equals), bytes.toString('utf8', equals + 1, end - 1)]);
    at = end;
  }
  return records;
}
