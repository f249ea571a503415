import type { Pace } from '../back-off.ts';

/**
 * How long to wait for something, or how often to try it, and why so long. The pauses of a wait for EC2 are
 * also never longer than `--poll-interval`.
 */
export interface Policy extends Pace {
  /** When to give up, in milliseconds since the beginning. */
  readonly limitMs?: number;
  /** When to give up, by the number of attempts, the first included. */
  readonly attempts?: number;
  /** How long each attempt may take, the SDK's retries included, in milliseconds. */
  readonly attemptMs?: number;
  readonly reason: string;
}

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
