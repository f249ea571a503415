import type { Checksum } from './checksum.ts';

/**
 * NVMe's polynomial, bits reversed (NVM Express NVM Command Set Specification, "64b CRC"), in two halves:
 * JavaScript has no fast 64-bit integer.
 */
const polynomial = { high: 0x9a6c9329, low: 0xac4bc9b5 };

/** As for CRC32C, a table for each half: entry `256 n + byte` is what the byte contributes once n further bytes have passed. */
const tables = sliceTables();

export function createCrc64Nvme(): Checksum {
  let crc: readonly [high: number, low: number] = [-1, -1];
  return {
    update(bytes) {
      crc = advance(crc, bytes);
    },
    digest() {
      const value = Buffer.allocUnsafe(8);
      value.writeInt32BE(~crc[0], 0);
      value.writeInt32BE(~crc[1], 4);
      return value.toString('base64');
    },
  };
}

function advance(
  [startHigh, startLow]: readonly [number, number],
  bytes: Uint8Array,
): readonly [number, number] {
  const { high: h, low: l } = tables;
  const stepsEnd = bytes.length - (bytes.length % 8);
  let high = startHigh;
  let low = startLow;
  let i = 0;
  for (; i < stepsEnd; i += 8) {
    low ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    high ^= bytes[i + 4]! | (bytes[i + 5]! << 8) | (bytes[i + 6]! << 16) | (bytes[i + 7]! << 24);
    const i7 = 1792 + (low & 255);
    const i6 = 1536 + ((low >>> 8) & 255);
    const i5 = 1280 + ((low >>> 16) & 255);
    const i4 = 1024 + (low >>> 24);
    const i3 = 768 + (high & 255);
    const i2 = 512 + ((high >>> 8) & 255);
    const i1 = 256 + ((high >>> 16) & 255);
    const i0 = high >>> 24;
    high = h[i7]! ^ h[i6]! ^ h[i5]! ^ h[i4]! ^ h[i3]! ^ h[i2]! ^ h[i1]! ^ h[i0]!;
    low = l[i7]! ^ l[i6]! ^ l[i5]! ^ l[i4]! ^ l[i3]! ^ l[i2]! ^ l[i1]! ^ l[i0]!;
  }
  for (; i < bytes.length; i++) {
    const index = (low ^ bytes[i]!) & 255;
    low = ((low >>> 8) | (high << 24)) ^ l[index]!;
    high = (high >>> 8) ^ h[index]!;
  }
  return [high, low];
}

function sliceTables(): { high: Int32Array; low: Int32Array } {
  const high = new Int32Array(8 * 256);
  const low = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let hi = 0;
    let lo = byte;
    for (let bit = 0; bit < 8; bit++) {
      const carry = lo & 1;
      lo = (lo >>> 1) | (hi << 31);
      hi >>>= 1;
      if (carry) {
        lo ^= polynomial.low;
        hi ^= polynomial.high;
      }
    }
    high[byte] = hi;
    low[byte] = lo;
  }
  for (let i = 256; i < low.length; i++) {
    const [hi, lo] = [high[i - 256]!, low[i - 256]!];
    high[i] = (hi >>> 8) ^ high[lo & 255]!;
    low[i] = ((lo >>> 8) | (hi << 24)) ^ low[lo & 255]!;
  }
  return { high, low };
}
