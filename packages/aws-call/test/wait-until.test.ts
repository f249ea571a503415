import {
  AwsCallError,
  backOffMs,
  type CallOptions,
  createWaiter,
  findConsistently,
  findInTime,
  policies,
  retry,
  retryThroughOutage,
  waitUntil,
} from '@ec2-image/aws-call';
import { fakeClock } from '@ec2-image/aws-call/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const failed = (code: ConstructorParameters<typeof AwsCallError>[0]) =>
  new AwsCallError(code, 'no answer', {
    hint: 'Wait.',
    facts: { service: 'EC2', operation: 'DescribeImages' },
  });

function setUp(options: CallOptions = {}) {
  const clock = fakeClock();
  const notices: string[] = [];
  const waiter = createWaiter({
    service: 'EC2',
    clock,
    onNotice: (message) => notices.push(message),
    ...options,
  });
  return { clock, waiter, notices };
}

const policy = { firstMs: 2_000, longestMs: 15_000, reason: 'a test' };

describe('pauses', () => {
  test('double from the first to the longest', () => {
    const pauses = [1, 2, 3, 4, 5, 99].map((n) => backOffMs({ n, pace: policy, random: 0.5 }));
    expect(pauses).toEqual([2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  test('vary by a fifth at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 600_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, firstMs, longestMs, random) => {
          const pace = { firstMs, longestMs };
          const exact = backOffMs({ n, pace, random: 0.5 });
          const pauseMs = backOffMs({ n, pace, random });
          return pauseMs >= exact * 0.8 - 1e-6 && pauseMs <= exact * 1.2 + 1e-6 && exact <= longestMs;
        },
      ),
    );
  });

  test('are never longer than --poll-interval', async () => {
    const { waiter, clock } = setUp({ pollIntervalMs: 10 });
    let asked = 0;
    await waitUntil(waiter, { policy, ask: async () => (++asked === 5 ? asked : undefined) });
    expect(clock.elapsedMs).toBe(40);
  });
});

describe('a wait', () => {
  test('ends with the first answer', async () => {
    const { waiter, clock } = setUp();
    let asked = 0;
    expect(await waitUntil(waiter, { policy, ask: async () => (++asked === 4 ? 'done' : undefined) })).toBe(
      'done',
    );
    expect(clock.elapsedMs).toBe(14_000);
  });

  test('survives an outage, and says so once at each end', async () => {
    const { waiter, clock, notices } = setUp();
    let asked = 0;
    const ask = async () => {
      asked += 1;
      if (asked > 1 && asked < 30) throw failed('AWS_UNREACHABLE');
      return asked === 31 ? 'done' : undefined;
    };
    expect(await waitUntil(waiter, { policy, ask })).toBe('done');
    expect(clock.elapsedMs).toBeGreaterThan(5 * 60_000);
    expect(notices).toEqual([
      'EC2 is unreachable since 10:00:00 UTC; retrying (no answer).',
      'EC2 is reachable again.',
    ]);
  });

  test('gives up an outage after its time, and counts each outage for itself', async () => {
    const { waiter, clock } = setUp({ outageTimeoutMs: 60_000 });
    const ask = () => Promise.reject(failed('THROTTLED'));
    await expect(waitUntil(waiter, { policy, ask })).rejects.toMatchObject({ code: 'THROTTLED' });
    expect(clock.elapsedMs).toBeGreaterThanOrEqual(60_000);
    expect(clock.elapsedMs).toBeLessThan(80_000);
    let asked = 0;
    const sometimes = async () => {
      asked += 1;
      if (asked % 5 !== 0) throw failed('AWS_UNREACHABLE');
      return asked === 50 ? 'done' : undefined;
    };
    expect(await waitUntil(waiter, { policy, ask: sometimes })).toBe('done');
  });

  test('ends at once with any other error', async () => {
    const { waiter, clock } = setUp();
    for (const error of [new TypeError('a bug'), failed('ACCESS_DENIED')])
      await expect(waitUntil(waiter, { policy, ask: () => Promise.reject(error) })).rejects.toBe(error);
    expect(clock.elapsedMs).toBe(0);
  });

  test('ends after its time with the error that it was given', async () => {
    const { waiter, clock } = setUp();
    const onTimeout = (waitedMs: number) => new Error(`waited ${waitedMs >= 60_000}`);
    const wait = waitUntil(waiter, {
      policy: { ...policy, limitMs: 60_000 },
      ask: async () => undefined,
      onTimeout,
    });
    await expect(wait).rejects.toThrow('waited true');
    expect(clock.elapsedMs).toBeLessThan(80_000);
  });

  test("ends with the signal's reason, in the middle of a pause in real time too", async () => {
    const controller = new AbortController();
    const waiter = createWaiter({ service: 'EC2', signal: controller.signal });
    const reason = new Error('stop');
    setTimeout(() => controller.abort(reason), 20);
    await expect(waitUntil(waiter, { policy, ask: async () => undefined })).rejects.toBe(reason);
  });

  test('a single read is carried through an outage', async () => {
    const { waiter } = setUp();
    let asked = 0;
    const read = async () => {
      asked += 1;
      if (asked < 4) throw failed('AWS_UNREACHABLE');
      return undefined;
    };
    expect(await retryThroughOutage(waiter, read)).toBeUndefined();
    expect(asked).toBe(4);
  });
});

describe('a search of limited time', () => {
  const limited = { ...policy, limitMs: 60_000 };

  test('gives what is found, however false', async () => {
    const { waiter } = setUp();
    let reads = 0;
    const find = async () => (++reads === 3 ? 0 : undefined);
    expect(await findInTime(waiter, { policy: limited, find })).toBe(0);
    expect(reads).toBe(3);
  });

  test('gives nothing after its time, to which an outage does not count', async () => {
    const { waiter, clock } = setUp();
    let reads = 0;
    const find = async () => {
      reads += 1;
      if (reads > 1 && reads < 6) throw failed('AWS_UNREACHABLE');
      return undefined;
    };
    const since = waiter.elapsed();
    expect(await findInTime(waiter, { policy: limited, find })).toBeUndefined();
    const waitedMs = waiter.elapsed() - since;
    expect(waitedMs).toBeGreaterThanOrEqual(60_000);
    expect(waitedMs).toBeLessThan(80_000);
    expect(clock.elapsedMs).toBeGreaterThan(waitedMs + 1_000);
  });

  test('asks once at least, and ends at once with an error that is not transient', async () => {
    const { waiter } = setUp();
    const find = async () => 'there';
    expect(await findInTime(waiter, { policy: { ...limited, limitMs: 0 }, find })).toBe('there');
    const denied = failed('ACCESS_DENIED');
    await expect(findInTime(waiter, { policy: limited, find: () => Promise.reject(denied) })).rejects.toBe(
      denied,
    );
  });
});

describe('an absence', () => {
  test('is believed once three reads agree', async () => {
    const { waiter, clock } = setUp();
    let reads = 0;
    const find = async () => {
      reads += 1;
      return undefined;
    };
    expect(await findConsistently(waiter, find)).toBeUndefined();
    expect(reads).toBe(policies.consistentAbsence.attempts);
    expect(clock.elapsedMs).toBe(2_000);
  });

  test('is none where a later read finds something', async () => {
    const { waiter } = setUp();
    let reads = 0;
    expect(await findConsistently(waiter, async () => (++reads === 2 ? reads : undefined))).toBe(2);
  });
});

describe('a call made again', () => {
  test('succeeds when what was transient has passed', async () => {
    const { waiter, clock } = setUp();
    const call = async (attempt: number) => {
      if (attempt < 3) throw failed('THROTTLED');
      return attempt;
    };
    expect(await retry(waiter, { policy, call })).toBe(3);
    expect(clock.elapsedMs).toBe(6_000);
  });

  test('is given up after its attempts or its time, with the last error', async () => {
    const { waiter, clock } = setUp();
    let calls = 0;
    const call = async () => {
      calls += 1;
      throw failed('THROTTLED');
    };
    await expect(retry(waiter, { policy: { ...policy, attempts: 4 }, call })).rejects.toMatchObject({
      code: 'THROTTLED',
    });
    expect(calls).toBe(4);
    const before = clock.elapsedMs;
    await expect(retry(waiter, { policy: { ...policy, limitMs: 60_000 }, call })).rejects.toMatchObject({
      code: 'THROTTLED',
    });
    expect(clock.elapsedMs - before).toBeGreaterThanOrEqual(60_000);
  });

  test('is not made again where that would not help, unless the caller knows better', async () => {
    const { waiter } = setUp();
    let calls = 0;
    const call = async () => {
      calls += 1;
      throw failed('AWS_REFUSED');
    };
    await expect(retry(waiter, { policy, call })).rejects.toMatchObject({ code: 'AWS_REFUSED' });
    expect(calls).toBe(1);
    const isRetryable = () => true;
    await expect(
      retry(waiter, { policy: { ...policy, attempts: 3 }, call, isRetryable }),
    ).rejects.toMatchObject({ code: 'AWS_REFUSED' });
    expect(calls).toBe(4);
  });
});
