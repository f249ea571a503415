import { EC2Client } from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ec2Of } from '../../src/ec2/ec2.ts';
import { backoffMs, lookSeveralTimes, poll, pollDelayMs } from '../../src/ec2/poll.ts';
import { Ec2ImportError } from '../../src/errors.ts';
import { fakeClock } from '../clock.ts';

const client = new EC2Client({
  region: 'us-east-1',
  credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
});
const unreachable = () => new Ec2ImportError('EC2_UNREACHABLE', 'no answer', { hint: 'Wait.' });

function setUp(options = {}) {
  const clock = fakeClock();
  const notices: string[] = [];
  const ec2 = ec2Of({ client, ...clock, onNotice: (message) => notices.push(message), ...options });
  return { clock, ec2, notices };
}

describe('how far apart the looks are', () => {
  test('soon at first, then as asked', () => {
    const delays = [1, 2, 3, 4].map((n) => pollDelayMs({ n, intervalMs: 15_000, random: 0.5 }));
    expect(delays).toEqual([2_000, 5_000, 15_000, 15_000]);
  });

  test('never further than asked, give or take a fifth', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (n, intervalMs, random) => {
          const delay = pollDelayMs({ n, intervalMs, random });
          return delay > 0 && delay <= intervalMs * 1.2;
        },
      ),
    );
  });

  test('a backoff doubles up to half a minute', () => {
    expect([1, 2, 3, 6, 99].map((n) => backoffMs({ n, random: 0.5 }))).toEqual([
      1_000, 2_000, 4_000, 30_000, 30_000,
    ]);
  });
});

describe('a poll', () => {
  test('ends with the first answer', async () => {
    const { ec2, clock } = setUp();
    let looks = 0;
    expect(await poll(ec2, async () => (++looks === 4 ? 'done' : undefined))).toBe('done');
    expect(clock.elapsedMs).toBe(22_000);
  });

  test('outlives an outage, and says so once at each end', async () => {
    const { ec2, clock, notices } = setUp();
    let looks = 0;
    const look = async () => {
      looks += 1;
      if (looks > 1 && looks < 20) throw unreachable();
      return looks === 21 ? 'done' : undefined;
    };
    expect(await poll(ec2, look)).toBe('done');
    expect(clock.elapsedMs).toBeGreaterThan(5 * 60_000);
    expect(notices).toEqual(['no answer; asking again.', 'EC2 answers again.']);
  });

  test('gives an outage up after its time', async () => {
    const { ec2, clock } = setUp({ outageTimeoutMs: 60_000 });
    const look = async () => {
      throw unreachable();
    };
    await expect(poll(ec2, look)).rejects.toMatchObject({ code: 'EC2_UNREACHABLE' });
    expect(clock.elapsedMs).toBeGreaterThanOrEqual(60_000);
    expect(clock.elapsedMs).toBeLessThan(100_000);
  });

  test('counts each outage for itself', async () => {
    const { ec2, clock } = setUp({ outageTimeoutMs: 60_000 });
    let looks = 0;
    const look = async () => {
      looks += 1;
      if (looks % 5 !== 0) throw unreachable();
      return looks === 50 ? 'done' : undefined;
    };
    expect(await poll(ec2, look)).toBe('done');
    expect(clock.elapsedMs).toBeGreaterThan(120_000);
  });

  test('ends at once with any other error', async () => {
    const { ec2, clock } = setUp();
    const bug = new TypeError('a bug');
    await expect(poll(ec2, () => Promise.reject(bug))).rejects.toBe(bug);
    expect(clock.elapsedMs).toBe(0);
  });

  test("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const { ec2 } = setUp({ signal: controller.signal });
    const reason = new Error('stop');
    const look = async () => {
      controller.abort(reason);
      return undefined;
    };
    await expect(poll(ec2, look)).rejects.toBe(reason);
  });

  test('waits in real time where no clock is given, and is woken by the signal', async () => {
    const controller = new AbortController();
    const ec2 = ec2Of({ client, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('stop')), 20);
    await expect(poll(ec2, async () => undefined)).rejects.toThrow('stop');
  });
});

describe('an absence', () => {
  test('is believed after three looks', async () => {
    const { ec2, clock } = setUp();
    let looks = 0;
    const look = async () => {
      looks += 1;
      return undefined;
    };
    expect(await lookSeveralTimes(ec2, look)).toBeUndefined();
    expect(looks).toBe(3);
    expect(clock.elapsedMs).toBe(2_000);
  });

  test('is none where a later look sees something', async () => {
    const { ec2 } = setUp();
    let looks = 0;
    expect(await lookSeveralTimes(ec2, async () => (++looks === 2 ? looks : undefined))).toBe(2);
  });
});
