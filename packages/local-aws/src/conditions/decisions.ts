import { createHash } from 'node:crypto';

/** What an adverse account decides: by the seed and what it is about, so that the same calls meet the same again. */
export interface Decisions {
  /** From 0 to 1, which is not among them. */
  draw(...about: readonly (string | number)[]): number;
  /** True so often, from 0 to 1. */
  chance(probability: number, ...about: readonly (string | number)[]): boolean;
  /** A whole number from 0 to `most`. */
  upTo(most: number, ...about: readonly (string | number)[]): number;
}

const digits = 6;

export function createDecisions(seed: number): Decisions {
  const draw: Decisions['draw'] = (...about) =>
    createHash('md5')
      .update([seed, ...about].join('\n'))
      .digest()
      .readUIntBE(0, digits) /
    256 ** digits;
  return {
    draw,
    chance: (probability, ...about) => draw(...about) < probability,
    upTo: (most, ...about) => Math.floor(draw(...about) * (most + 1)),
  };
}
