import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FetchError } from '../src/errors.ts';
import { isWorthRetrying, pauseMs, retryAfterMs } from '../src/retry.ts';

describe('Retry-After', () => {
  const now = Date.parse('2026-01-06T10:00:00Z');
  test.each([
    [undefined, undefined],
    ['0', 0],
    [' 12 ', 12_000],
    ['Tue, 06 Jan 2026 10:01:00 GMT', 60_000],
    ['Tue, 06 Jan 2026 09:00:00 GMT', 0],
    ['-5', expect.toSatisfy((ms?: number) => ms === undefined || ms === 0)],
    ['later', undefined],
    ['', undefined],
  ])('%j is %j ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toEqual(ms);
  });
});

describe('pauses', () => {
  test('double, within bounds', () => {
    const most = [1, 2, 3, 4, 5, 6, 7].map((failures) => pauseMs({ failures, random: () => 1 }));
    expect(most).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(pauseMs({ failures: 1, random: () => 0 })).toBe(500);
  });

  test('a server is given the time that it asks for, up to two minutes', () => {
    expect(pauseMs({ failures: 1, retryAfterMs: 20_000 })).toBe(20_000);
    expect(pauseMs({ failures: 1, retryAfterMs: 1e12 })).toBe(120_000);
    expect(pauseMs({ failures: 3, retryAfterMs: 1, random: () => 1 })).toBe(4_000);
  });

  test('are never nothing and never too long', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.option(fc.maxSafeNat(), { nil: undefined }),
        (failures, asked) => {
          const pause = pauseMs({ failures, retryAfterMs: asked });
          expect(pause).toBeGreaterThanOrEqual(500);
          expect(pause).toBeLessThanOrEqual(120_000);
        },
      ),
    );
  });
});

test.each([
  ['CONNECTION_FAILED', undefined, true],
  ['DOWNLOAD_STALLED', undefined, true],
  ['BODY_TRUNCATED', undefined, true],
  ['HTTP_STATUS', 408, true],
  ['HTTP_STATUS', 429, true],
  ['HTTP_STATUS', 500, true],
  ['HTTP_STATUS', 599, true],
  ['HTTP_STATUS', 400, false],
  ['HTTP_STATUS', 418, false],
  ['HTTP_NOT_FOUND', 404, false],
  ['HTTP_FORBIDDEN', 403, false],
  ['HOST_NOT_FOUND', undefined, false],
  ['TLS_UNTRUSTED', undefined, false],
  ['REDIRECT_REFUSED', undefined, false],
  ['DIGEST_MISMATCH', undefined, false],
] as const)('%s %j is worth another try: %j', (code, status, worth) => {
  expect(isWorthRetrying(new FetchError(code, '', { hint: '', facts: { status } }))).toBe(worth);
});
