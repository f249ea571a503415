/** How the pauses between attempts, or between polls, grow. */
export interface Pace {
  /** The pause after the first attempt, in milliseconds; it doubles with each further one. */
  readonly firstMs: number;
  /** Where the doubling ends, in milliseconds. */
  readonly longestMs: number;
}

/** A fifth more or less, so that clients that failed together do not retry together. */
const jitter = 0.2;

/**
 * The pause after attempt `n`, in milliseconds.
 *
 * @param options.n from 1
 * @param options.random in [0, 1); 0.5 gives the pause without jitter
 */
export function backOffMs({ n, pace, random }: { n: number; pace: Pace; random: number }): number {
  const pauseMs = Math.min(pace.firstMs * 2 ** (n - 1), pace.longestMs);
  return pauseMs * (1 - jitter + 2 * jitter * random);
}
