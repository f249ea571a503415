import type { Extent } from '@ec2-image/disk-blocks';

/** Which bytes of a disk a sample is made of: one MiB of each 16. */
export const sampleUnitBytes = 2 ** 20;
export const sampleEvery = 16;

/** What decides which MiB of each 16 is read: the same seed gives the same ones. */
export interface SampleOptions {
  /** A whole number of 32 bits. */
  readonly seed: number;
}

/** The stretches of a disk that a sample reads, in order; the last one may be shorter. */
export function* sampleOf(sizeBytes: number, { seed }: SampleOptions): Generator<Extent> {
  const next = randomNumbers(seed);
  const units = Math.ceil(sizeBytes / sampleUnitBytes);
  for (let first = 0; first < units; first += sampleEvery) {
    const among = Math.min(sampleEvery, units - first);
    const offset = (first + Math.floor(next() * among)) * sampleUnitBytes;
    yield { offset, length: Math.min(sampleUnitBytes, sizeBytes - offset) };
  }
}

/** Mulberry32: which bytes are read is to be repeatable, and no secret. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
