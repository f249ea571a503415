import fc from 'fast-check';
import { expect, test } from 'vitest';
import { worstExitCode } from '../src/errors/exit-code.ts';
import { parseBytes, parseSeconds } from '../src/options/quantities.ts';
import { renderError } from '../src/render/error.ts';
import {
  formatBytes,
  formatElapsed,
  formatPercent,
  formatPortion,
  formatRate,
  formatSeconds,
} from '../src/render/format.ts';
import { createRateMeter } from '../src/render/rate.ts';
import { renderTable } from '../src/render/table.ts';

test.each([
  [[0, 1, 130], 130],
  [[4, 5, 1], 5],
  [[1, 4], 4],
  [[3, 1], 1],
  [[2, 3], 3],
  [[0, 2], 2],
  [[], 0],
] as const)('of the exit codes %j the run has %i', (codes, expected) => {
  expect(worstExitCode(codes)).toBe(expected);
});

test.each([
  ['90', 90],
  ['15m', 900],
  ['2h', 7200],
  ['1.5 d', 129_600],
  ['soon', undefined],
  ['-1', undefined],
])('%s is %s seconds', (text, expected) => {
  expect(parseSeconds(text)).toBe(expected);
});

test.each([
  ['1048576', 1048576],
  ['64GiB', 64 * 1024 ** 3],
  ['64G', 64 * 1024 ** 3],
  ['64GB', 64e9],
  ['1.5M', 1.5 * 1024 ** 2],
  ['999999999TiB', undefined],
  ['much', undefined],
])('%s is %s bytes', (text, expected) => {
  expect(parseBytes(text)).toBe(expected);
});

test('a rate covers the last seconds, and a resume does not count', () => {
  const meter = createRateMeter();
  meter.add({ atMs: 0, done: 1_000_000 });
  expect(meter.perSecond()).toBeUndefined();
  for (let second = 1; second <= 20; second++)
    meter.add({ atMs: second * 1000, done: 1_000_000 + second * 500 });
  expect(meter.perSecond()).toBe(500);
  meter.add({ atMs: 21_000, done: 0 });
  expect(meter.perSecond()).toBeUndefined();
});

test('a table has columns as wide as they must be', () => {
  expect(
    renderTable([
      ['A', 'LONG'],
      ['äö', 'x'],
      ['長い', ''],
    ]),
  ).toBe('A     LONG\näö    x\n長い');
});

test('a column that is too wide is wrapped, or stands under its row', () => {
  const rows = [
    ['KIND', 'WHY'],
    ['upload', 'is in the bucket of this account, and the key says so: ec2-image/one'],
    ['ami', 'failed'],
  ];
  expect(renderTable(rows, { width: 56 })).toBe(
    'KIND    WHY\nupload  is in the bucket of this account, and the key\n        says so: ec2-image/one\nami     failed',
  );
  expect(renderTable(rows, { width: 40 })).toBe(
    'KIND\nupload\n    is in the bucket of this account,\n    and the key says so: ec2-image/one\nami\n    failed',
  );
  expect(renderTable(rows, { width: 200 })).toBe(renderTable(rows));
});

test('no line of a wrapped table is wider than it may be, and no word is lost', () => {
  const words = fc.array(
    fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 })
      .map((word) => word.replaceAll(/[\s-]/g, 'x')),
  );
  fc.assert(
    fc.property(fc.array(words, { minLength: 1 }), fc.integer({ min: 40, max: 200 }), (cells, width) => {
      const table = renderTable([['KIND', ''], ...cells.map((cell) => ['snapshot', cell.join(' ')])], {
        width,
      });
      for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      expect(table.replaceAll(/\s/g, '')).toBe(
        `KIND${cells.map((cell) => `snapshot${cell.join('')}`).join('')}`,
      );
    }),
  );
});

test.each([
  [0, '0 B'],
  [512, '512 B'],
  [1536, '1.5 KiB'],
  [7.5 * 2 ** 20, '7.5 MiB'],
  [63 * 2 ** 20, '63 MiB'],
  [1008 * 2 ** 20, '1008 MiB'],
  [2 ** 30, '1 GiB'],
  [15.25 * 2 ** 30, '15.3 GiB'],
])('%d bytes are %s', (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
  expect(formatRate(bytes)).toBe(`${expected}/s`);
});

test.each([
  [0, 2 ** 30, '0.00/1.00 GiB', '0%'],
  [1008 * 2 ** 20, 2 ** 30, '0.98/1.00 GiB', '98%'],
  [2 ** 30 - 1, 2 ** 30, '0.99/1.00 GiB', '99%'],
  [2 ** 30, 2 ** 30, '1.00/1.00 GiB', '100%'],
  [63 * 2 ** 20, 256 * 2 ** 20, '63/256 MiB', '24%'],
  [7.5 * 2 ** 20, 15 * 2 ** 20, '7.5/15.0 MiB', '50%'],
  [100, 200, '100/200 B', '50%'],
  [0, 0, '0/0 B', '100%'],
])('%d of %d bytes are %s, %s', (done, total, amount, percent) => {
  expect(formatPortion({ done, total })).toBe(amount);
  expect(formatPercent({ done, total })).toBe(percent);
});

test.each([
  [-1, '0s', '0s'],
  [0, '0s', '0s'],
  [0.0004, '0s', '0s'],
  [0.44, '0.4s', '0s'],
  [9.94, '9.9s', '9s'],
  [9.96, '10s', '9s'],
  [59.6, '1m', '59s'],
  [185, '3m 5s', '3m 5s'],
  [3600, '1h', '1h'],
  [7_845, '2h 10m', '2h 10m'],
  [90_061, '1d 1h', '1d 1h'],
])('%d seconds are %s, and %s while they pass', (seconds, took, elapsed) => {
  expect(formatSeconds(seconds)).toBe(took);
  expect(formatElapsed(seconds)).toBe(elapsed);
});

test('an error says what to do, and how to delete what is in the account', () => {
  const error = { code: 'THROTTLED', message: 'slow down', hint: 'Wait.' };
  expect(renderError(error)).toBe(
    'error THROTTLED: slow down\n  Wait.\n  More: ec2-image explain THROTTLED (docs/errors.md#throttled)',
  );
  expect(
    renderError(error, {
      image: 'one',
      leftovers: ['s3://b/k', 'snapshot snap-1'],
      cleanup: ['janitor', '--bucket', 'b', '--older-than', '0s', '--apply'],
    }),
  ).toBe(
    `one: error THROTTLED: slow down
  Wait.
  Still in the account: s3://b/k, snapshot snap-1. The same command resumes from there.
  To delete it instead: ec2-image janitor --bucket b --older-than 0s --apply
  (without --older-than the janitor keeps what is newer than 24 hours)
  More: ec2-image explain THROTTLED (docs/errors.md#throttled)`,
  );
});
