import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { worstExitCode } from '../src/exit-code.ts';
import { parseBytes, parseSeconds } from '../src/quantities.ts';
import { renderError } from '../src/render/error.ts';
import { createRateMeter } from '../src/render/rate.ts';
import { renderTable } from '../src/render/table.ts';
import { renderRow } from '../src/render/terminal-view.ts';

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

test('a rate is of the last seconds, and a resume is no rate', () => {
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

test('a row says stage, amount, rate and time left, and never wraps', () => {
  const rate = createRateMeter();
  rate.add({ atMs: 0, done: 0 });
  rate.add({ atMs: 1000, done: 64 * 1024 * 1024 });
  const row = {
    stage: 'upload' as const,
    progress: { done: 64 * 1024 * 1024, total: 128 * 1024 * 1024, unit: 'bytes' as const },
    rate,
  };
  const line = stripVTControlCharacters(renderRow({ image: 'fedora-aws', row, nameWidth: 12, columns: 120 }));
  expect(line).toMatch(
    /^fedora-aws {4}upload {4}█{12}░{12} {2}50 % {2}64 MiB\/128 MiB {2}64 MiB\/s {2}1s left$/,
  );
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 200 }), fc.boolean(), (columns, ended) => {
      const shown = renderRow({
        image: 'fedora-aws',
        row: { ...row, ...(ended && { summary: 'x'.repeat(300) }) },
        nameWidth: 12,
        columns,
      });
      expect(stripVTControlCharacters(shown).length).toBeLessThan(columns);
    }),
  );
});

test('an error says what to do, and what is left where something is', () => {
  const error = { code: 'THROTTLED', message: 'slow down', hint: 'Wait.' };
  expect(renderError(error)).toBe('error THROTTLED: slow down\n  Wait.');
  expect(renderError(error, { image: 'one', left: ['s3://b/k', 'snapshot snap-1'] })).toBe(
    'one: error THROTTLED: slow down\n  Wait.\n  Left in the account: s3://b/k, snapshot snap-1. The same command goes on from it; `ec2-image janitor` removes it.',
  );
});
