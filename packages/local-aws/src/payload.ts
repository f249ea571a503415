import { createHash } from 'node:crypto';
import { finished, type Readable } from 'node:stream';

/** A body that was read whole. */
export interface Payload {
  /** As they came: put together, each block would be copied, and its copy collected. */
  readonly chunks: readonly Buffer[];
  readonly length: number;
  readonly sha256: Buffer;
}

/** Reads a body of so many bytes at most; undefined for a longer one. */
export function readPayload(body: Readable, limitBytes: number): Promise<Payload | undefined> {
  const chunks: Buffer[] = [];
  const hash = createHash('sha256');
  let length = 0;
  let isAllZeros = true;
  function take(chunk: Buffer): void {
    length += chunk.length;
    if (isAllZeros && !isZero(chunk)) {
      isAllZeros = false;
      for (const earlier of chunks) hash.update(earlier);
    }
    if (!isAllZeros) hash.update(chunk);
    chunks.push(chunk);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Payload | undefined>();
  // By events: an iterator puts together what has come meanwhile, which copies every second block.
  body.on('data', (chunk: Buffer) => {
    if (length + chunk.length <= limitBytes) return take(chunk);
    resolve(undefined);
    body.destroy();
  });
  finished(body, { writable: false }, (error) => {
    if (error) reject(error);
    else resolve({ chunks, length, sha256: isAllZeros ? digestOfZeros(length) : hash.digest() });
  });
  return promise;
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
