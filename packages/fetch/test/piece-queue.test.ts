import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addExtent, type Extent, extentBytes } from '../src/extents.ts';
import { pieceQueue } from '../src/piece-queue.ts';

const mebibyte = 2 ** 20;
const whole = (end: number) => [{ start: 0, end }];

test('one connection takes every gap whole', () => {
  const missing = [
    { start: 5, end: 100 * mebibyte },
    { start: 200 * mebibyte, end: Number.POSITIVE_INFINITY },
  ];
  const queue = pieceQueue({ missing, connections: 1 });
  expect([queue.take(), queue.take(), queue.take()]).toEqual([...missing, undefined]);
});

test('the pieces of several shrink towards the end', () => {
  const queue = pieceQueue({ missing: whole(300 * mebibyte), connections: 4 });
  const sizes: number[] = [];
  for (let piece = queue.take(); piece; piece = queue.take())
    sizes.push((piece.end - piece.start) / mebibyte);
  expect(sizes[0]).toBe(16);
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  expect(sizes.at(-1)).toBeLessThanOrEqual(1);
  expect(sizes.length).toBeLessThan(50);
});

test('the first piece of a file of unknown size is small', () => {
  const queue = pieceQueue({ missing: whole(Number.POSITIVE_INFINITY), connections: 4 });
  expect(queue.take()).toEqual({ start: 0, end: mebibyte });
});

test('whatever is given back, every byte is handed out until it is received, front first', () => {
  const script = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 60 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 80 * mebibyte }),
      fc.integer({ min: 1, max: 16 }),
      script,
      (total, connections, brings) => {
        const queue = pieceQueue({ missing: whole(total), connections });
        let received: readonly Extent[] = [];
        for (let step = 0; ; step++) {
          const piece = queue.take();
          if (!piece) break;
          expect(piece.end).toBeGreaterThan(piece.start);
          const reached = piece.start + Math.ceil((piece.end - piece.start) * (brings[step] ?? 1));
          expect(extentBytes(received) + reached - piece.start).toBe(
            extentBytes(addExtent(received, { start: piece.start, end: reached })),
          );
          received = addExtent(received, { start: piece.start, end: reached });
          queue.giveBack({ start: reached, end: piece.end });
        }
        expect(extentBytes(received)).toBe(total);
      },
    ),
  );
});
