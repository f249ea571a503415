import { createHash } from 'node:crypto';

/** A body that was read whole. */
export interface Payload {
  /** As they came: put together, each block would be copied, and its copy collected. */
  readonly chunks: readonly Buffer[];
  readonly length: number;
  readonly sha256: Buffer;
}

/** Reads a body of so many bytes at most; undefined for a longer one. */
export async function readPayload(
  body: AsyncIterable<Buffer>,
  limitBytes: number,
): Promise<Payload | undefined> {
  const chunks: Buffer[] = [];
  const hash = createHash('sha256');
  let length = 0;
  let isAllZeros = true;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limitBytes) return undefined;
    if (isAllZeros && !isZero(chunk)) {
      isAllZeros = false;
      for (const earlier of chunks) hash.update(earlier);
    }
    if (!isAllZeros) hash.update(chunk);
    chunks.push(chunk);
  }
  return { chunks, length, sha256: isAllZeros ? digestOfZeros(length) : hash.digest() };
}

const zeros = Buffer.alloc(512 * 1024);

/** Whether a piece of at most 512 KiB is all zeros: a fiftieth of what hashing it costs. */
export function isZero(data: Buffer): boolean {
  return data.length <= zeros.length && data.equals(zeros.subarray(0, data.length));
}

let known = { length: 0, digest: createHash('sha256').digest() };

/** Most of a disk is zeros, and all of its blocks are of one length: that one is remembered. */
function digestOfZeros(length: number): Buffer {
  if (known.length !== length) {
    const digest = createHash('sha256').update(Buffer.alloc(length)).digest();
    known = { length, digest };
  }
  return known.digest;
}
