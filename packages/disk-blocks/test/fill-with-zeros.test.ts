import { blockSizeBytes, fillWithZeros } from '@ec2-image/disk-blocks';
import { expect, test } from 'vitest';

const length = 2 * blockSizeBytes + 1000;

test.for([
  [0, length],
  [3, 5],
  [7, 7],
  [blockSizeBytes - 1, 2 * blockSizeBytes + 1],
  [513, length],
] as const)('bytes %d to %d of shared memory become zeros, and no others', ([start, end]) => {
  const data = Buffer.from(new SharedArrayBuffer(length)).fill(0xff);
  fillWithZeros(data, start, end);
  const expected = Buffer.alloc(length, 0xff).fill(0, start, end);
  expect(data.equals(expected)).toBe(true);
});

test('all of it by default', () => {
  const data = Buffer.from(new SharedArrayBuffer(length)).fill(0xff);
  fillWithZeros(data);
  expect(data.equals(Buffer.alloc(length))).toBe(true);
});
