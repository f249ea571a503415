import { isPassing } from '../errors.ts';
import type { Ec2 } from './ec2.ts';

/** The first looks come early, for what is quick; then as far apart as asked. */
const firstDelaysMs = [2_000, 5_000];
const longestBackoffMs = 30_000;

/** The wait before look `n`, counted from 1 after the first; pure but for the drawn number. */
export function pollDelayMs({
  n,
  intervalMs,
  random,
}: {
  n: number;
  intervalMs: number;
  random: number;
}): number {
  return Math.min(firstDelaysMs[n - 1] ?? intervalMs, intervalMs) * (0.8 + 0.4 * random);
}

/** The pause before try `n + 1` after `n` failures: doubling from `baseMs` up to half a minute, a fifth more or less. */
export function backoffMs({
  n,
  random,
  baseMs = 1_000,
}: {
  n: number;
  random: number;
  baseMs?: number;
}): number {
  return Math.min(baseMs * 2 ** (n - 1), longestBackoffMs) * (0.8 + 0.4 * random);
}

/**
 * Looks until `look` answers something other than undefined. What fails in passing (throttling, the network, EC2
 * itself) is looked at again for `outageTimeoutMs` since the last answer; every other error ends the wait.
 * How long to wait altogether is for `look` to say, by throwing.
 */
export async function poll<T>(ec2: Ec2, look: () => Promise<T | undefined>): Promise<T> {
  let looks = 0;
  let failures = 0;
  let answeredAt = ec2.now();
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      if (failures > 0) ec2.notice('EC2 answers again.');
      failures = 0;
      looks += 1;
      answeredAt = ec2.now();
      await ec2.sleep(pollDelayMs({ n: looks, intervalMs: ec2.pollIntervalMs, random: ec2.random() }));
    } catch (error) {
      if (!isPassing(error) || ec2.now() - answeredAt >= ec2.outageTimeoutMs) throw error;
      failures += 1;
      if (failures === 1) ec2.notice(`${(error as Error).message}; asking again.`);
      await ec2.sleep(backoffMs({ n: failures, random: ec2.random() }));
    }
  }
}

/** A read carried through an outage as a poll is: for looking up what a call did whose answer was lost. */
export async function outlast<T>(ec2: Ec2, read: () => Promise<T>): Promise<T> {
  const { answer } = await poll(ec2, async () => ({ answer: await read() }));
  return answer;
}

/** How often an absence must be seen, one look after the other, before it is believed: EC2's reads lag behind its writes. */
const agreeingAnswers = 3;

/** The first answer that is not undefined; undefined once several looks, a second apart, have agreed on it. */
export async function lookSeveralTimes<T>(
  ec2: Ec2,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let n = 1; ; n += 1) {
    const found = await look();
    if (found !== undefined || n === agreeingAnswers) return found;
    await ec2.sleep(Math.min(1_000, ec2.pollIntervalMs));
  }
}
