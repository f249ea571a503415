import { expect, test } from 'vitest';
import { formatBytes } from '../src/format-bytes.ts';

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1,023 bytes'],
  [1024, '1 KiB'],
  [7.5 * 2 ** 20, '7.5 MiB'],
  [66_060_288, '63 MiB'],
  [1008 * 2 ** 20, '1008 MiB'],
  [64 * 2 ** 30, '64 GiB'],
  [2 ** 60, '1024 PiB'],
])('%d is %s', (count, shown) => {
  expect(formatBytes(count)).toBe(shown);
});
