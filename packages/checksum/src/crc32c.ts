import type { Checksum } from './checksum.ts';

/** Castagnoli's polynomial, bits reversed (RFC 3720, B.4). */
const polynomial = 0x82f63b78;

/**
 * Eight tables of 256 ("slicing by 8"): entry `256 n + byte` is what the byte contributes once n further bytes
 * have passed. Table and bytes are read in one flat loop: more than twice the speed of the JavaScript that
 * the SDK ships.
 */
const table = sliceTable();

/** The CRC-32C of bytes as an unsigned number, as `crc32` of `node:zlib` gives a CRC-32. */
export function crc32c(bytes: Uint8Array): number {
  return ~advance(-1, bytes) >>> 0;
}

export function createCrc32c(): Checksum {
  let crc = -1;
  return {
    update(bytes) {
      crc = advance(crc, bytes);
    },
    digest() {
      const value = Buffer.allocUnsafe(4);
      value.writeInt32BE(~crc);
      return value.toString('base64');
    },
  };
}

function advance(start: number, bytes: Uint8Array): number {
  const t = table;
  const stepsEnd = bytes.length - (bytes.length % 8);
  let crc = start;
  let i = 0;
  for (; i < stepsEnd; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      t[1792 + (crc & 255)]! ^
      t[1536 + ((crc >>> 8) & 255)]! ^
      t[1280 + ((crc >>> 16) & 255)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 255]!;
  return crc;
}

function sliceTable(): Int32Array {
  const slices = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    slices[byte] = crc;
  }
  for (let i = 256; i < slices.length; i++) {
    const before = slices[i - 256]!;
    slices[i] = (before >>> 8) ^ slices[before & 255]!;
  }
  return slices;
}
