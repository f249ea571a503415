import { backOffMs, type Pace } from './back-off.ts';
import type { Waiter } from './waiter.ts';

/** The pause after attempt or look `n`, from 1, with jitter; never longer than the waiter's `pollIntervalMs`. */
export async function pause(
  waiter: Waiter,
  { n, pace }: { readonly n: number; readonly pace: Pace },
): Promise<void> {
  const longestMs = Math.min(pace.longestMs, waiter.pollIntervalMs);
  await waiter.sleep(backOffMs({ n, pace: { ...pace, longestMs }, random: waiter.random() }));
}
