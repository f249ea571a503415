import { deflateRawSync } from 'node:zlib';
import { adler32 } from '@ec2-image/checksum';
import type { ServedPiece, ServedSource } from '@ec2-image/disk-blocks';
import { firstWhere } from '../layout/first-where.ts';
import { sectorSize } from '../layout/present.ts';
import type { VmdkIndex } from '../layout/vmdk/vmdk-index.ts';
import { grainBytes, grainLeadBytes, writeGrainLead } from '../layout/vmdk/vmdk-records.ts';
import { nameOf } from './twin.ts';

/**
 * A file like the one that was made, in which each grain holds zeros behind a name that says where it belongs. What is not a grain's
 * is the same, and each record begins where it does in the file. The twin's bytes follow from the index: it is written nowhere.
 */
export function vmdkTwin({ size, pieces, sectors }: VmdkIndex): ServedSource {
  /** What begins in front of the end, and does not end in front of the start. */
  function* touched(start: number, end: number): Generator<ServedPiece> {
    const first = firstWhere(pieces.length, (index) => pieces[index]!.at + pieces[index]!.length > start);
    for (let index = first; index < pieces.length && pieces[index]!.at < end; index++) {
      const { at, holds } = pieces[index]!;
      if (Buffer.isBuffer(holds)) yield { at, bytes: holds };
      else
        for (let grain = holds.first; grain <= holds.last; grain++) {
          const recordAt = sectors.get(grain) * sectorSize;
          const isTouched = recordAt > 0 && recordAt < end && recordAt + sectorSize > start;
          if (isTouched) yield { at: recordAt, bytes: namedRecord(grain) };
        }
    }
  }
  function* within(start: number, length: number): Generator<ServedPiece> {
    const end = Math.min(start + length, size);
    for (const { at, bytes } of touched(start, end))
      yield { at: Math.max(start, at), bytes: bytes.subarray(Math.max(0, start - at), end - at) };
  }
  return {
    size,
    pieces: within,
    async read(start, wanted) {
      const bytes = Buffer.alloc(Math.max(0, Math.min(wanted, size - start)));
      for (const piece of within(start, wanted)) bytes.set(piece.bytes, piece.at - start);
      return bytes;
    },
  };
}

/** So much of a name as has all of its text. */
const nameBytes = 64;
const zerosBehind = grainBytes - nameBytes;
/** The end of a deflate stream: what is behind a name. */
const deflatedZeros = deflateRawSync(Buffer.alloc(zerosBehind), { level: 9 });
const zlibHeader = Buffer.from([0x78, 0x01]);

/** RFC 1951, 3.2.4: what is in front of so many bytes as they are, with another block behind them. */
const storedHead = Buffer.from([0, nameBytes, 0, ~nameBytes & 0xff, 0xff]);

/** In the one sector that any record has: the name as it is, and zeros that need not be deflated each time. */
function namedRecord(grain: number): Buffer {
  const name = nameOf(grain * grainBytes).subarray(0, nameBytes);
  const parts = [Buffer.alloc(grainLeadBytes), zlibHeader, storedHead, name, deflatedZeros];
  const record = Buffer.concat(parts, sectorSize);
  const end = record.writeUInt32BE(adler32WithZeros(adler32(name), zerosBehind), lengthOf(parts));
  writeGrainLead(record, grain, end - grainLeadBytes);
  return record;
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** The Adler-32 of bytes that are followed by so many zeros. */
function adler32WithZeros(adler: number, zeros: number): number {
  const [a, b] = [adler & 0xffff, adler >>> 16];
  return (((b + zeros * a) % 65521) * 65536 + a) >>> 0;
}
