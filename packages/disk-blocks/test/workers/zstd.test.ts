import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHandleDecoder, createUnzstd, decodePublicly } from '../../src/workers/zstd.ts';
import { frameOf, skippableFrame, windowOf } from '../support/zstd-frames.ts';

const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));

test(`this Node.js has the quick way, and both give the same (EC2_IMAGE_SEED=${seed})`, () => {
  const quick = createHandleDecoder();
  expect(quick).toBeDefined();
  const ways = [createUnzstd(quick), createUnzstd(decodePublicly)];
  const content = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 0, max: 20 }));
  const options = fc.record({ hasSize: fc.boolean(), hasChecksum: fc.boolean() });
  const damage = fc.option(fc.record({ at: fc.nat(5000), byte: fc.nat(255) }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(content, options), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: -1, max: 1 }),
      damage,
      (frames, more, change) => {
        const contents = frames.map(([[bytes, times]]) =>
          Buffer.concat(Array.from({ length: times }, () => bytes)),
        );
        const wanted = Buffer.concat(contents);
        const size = Math.max(0, wanted.length + more);
        const input = Buffer.concat([
          skippableFrame(Buffer.alloc(20)),
          ...contents.map((bytes, index) => frameOf(bytes, frames[index]![1])),
          ...(more === 1 ? [frameOf(Buffer.alloc(1))] : []),
          Buffer.alloc(40, 0xa5),
        ]);
        if (change) input[change.at % input.length] = change.byte;
        const before = Buffer.from(input);
        const [one, two] = ways.map((unzstd) => {
          const out = Buffer.alloc(size + 20, 0x77);
          return { isTaken: unzstd(input, out, 10, size), out };
        });
        expect(one!.isTaken).toBe(two!.isTaken);
        expect(input.equals(before)).toBe(true);
        for (const { out } of [one!, two!]) {
          expect(out.subarray(0, 10).equals(Buffer.alloc(10, 0x77))).toBe(true);
          expect(out.subarray(-10).equals(Buffer.alloc(10, 0x77))).toBe(true);
        }
        if (!one!.isTaken) return;
        expect(one!.out.equals(two!.out)).toBe(true);
        if (change) return;
        expect(
          one!.out.subarray(10, -10).equals(Buffer.concat([wanted, Buffer.alloc(1)]).subarray(0, size)),
        ).toBe(true);
      },
    ),
    { seed },
  );
});

test('a window is cut to what a cluster needs before zstd sees it, and the input is as before', () => {
  const content = Buffer.alloc(4096, 'window');
  const frame = frameOf(content, { hasSize: false, window: windowOf(27) });
  const before = Buffer.from(frame);
  const windows: number[] = [];
  const unzstd = createUnzstd((bytes, out) => {
    windows.push(bytes[5]!);
    return decodePublicly(bytes, out);
  });
  const out = Buffer.alloc(content.length);
  expect(unzstd(frame, out, 0, content.length)).toBe(true);
  expect(out.equals(content)).toBe(true);
  expect(windows).toEqual([windowOf(17)]);
  expect(frame.equals(before)).toBe(true);
});
