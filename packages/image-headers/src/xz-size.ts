import { crc32 } from 'node:zlib';
import { type ByteSource, isInside } from './byte-source.ts';

/** Numbers as in "The .xz File Format" 1.1.0. */
const streamHeaderBytes = 12;
const streamFooterBytes = 12;
/** Of all streams together: room for half a million blocks, which takes less than a second. */
const maxIndexBytes = 4 * 1024 ** 2;
const maxStreams = 1000;

/**
 * What an xz file says it decompresses to, in bytes, from the index at the end of each of its streams: without
 * decompressing anything. Undefined where the file has no such index, as when it is cut short.
 *
 * This is only a claim: decompressing proves it.
 */
export async function readXzUncompressedSize(source: ByteSource): Promise<number | undefined> {
  let total = 0n;
  let end = BigInt(source.size);
  let indexBytes = 0;
  for (let streams = 0; end > 0n; streams++) {
    const footer = await readBack(source, end, streamFooterBytes);
    if (!footer || streams === maxStreams) return undefined;
    // Between streams there may be zeros, in fours.
    if (footer.readUInt32LE(8) === 0) {
      end -= 4n;
      continue;
    }
    const stream = await readStream(source, footer, { end, maxIndexBytes: maxIndexBytes - indexBytes });
    if (!stream) return undefined;
    indexBytes += stream.indexBytes;
    total += stream.uncompressed;
    end -= stream.length;
  }
  return total <= BigInt(Number.MAX_SAFE_INTEGER) && source.size > 0 ? Number(total) : undefined;
}

async function readStream(
  source: ByteSource,
  footer: Buffer,
  { end, maxIndexBytes }: { readonly end: bigint; readonly maxIndexBytes: number },
) {
  if (
    footer.toString('latin1', 10, 12) !== 'YZ' ||
    crc32(footer.subarray(4, 10)) !== footer.readUInt32LE(0)
  ) {
    return undefined;
  }
  const indexBytes = (footer.readUInt32LE(4) + 1) * 4;
  const index = indexBytes <= maxIndexBytes ? await readBack(source, end - 12n, indexBytes) : undefined;
  const sizes = index && readIndex(index);
  if (!sizes) return undefined;
  const length = BigInt(streamHeaderBytes + streamFooterBytes + indexBytes) + sizes.blocks;
  return length <= end ? { length, indexBytes, uncompressed: sizes.uncompressed } : undefined;
}

/** The records of all blocks: unpadded size and uncompressed size of each. */
function readIndex(index: Buffer): { blocks: bigint; uncompressed: bigint } | undefined {
  const body = index.subarray(0, -4);
  if (index[0] !== 0 || crc32(body) !== index.readUInt32LE(body.length)) return undefined;
  const numbers = readVariableLengthIntegers(body.subarray(1));
  const count = numbers.next().value;
  if (count === undefined) return undefined;
  let [blocks, uncompressed] = [0n, 0n];
  for (let record = 0n; record < count; record++) {
    const unpadded = numbers.next().value;
    const size = numbers.next().value;
    if (unpadded === undefined || size === undefined) return undefined;
    blocks += (unpadded + 3n) & ~3n;
    uncompressed += size;
  }
  return { blocks, uncompressed };
}

/** Seven bits a byte, the low ones first; nine bytes at most. */
function* readVariableLengthIntegers(bytes: Buffer): Generator<bigint, undefined> {
  let [value, shift] = [0n, 0n];
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80 && shift < 63n) continue;
    yield value;
    [value, shift] = [0n, 0n];
  }
  return undefined;
}

async function readBack(source: ByteSource, end: bigint, length: number): Promise<Buffer | undefined> {
  const offset = end - BigInt(length);
  if (!isInside(source, { offset, length })) return undefined;
  const bytes = await source.read(Number(offset), length);
  return bytes.length === length ? bytes : undefined;
}
