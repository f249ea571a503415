import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHandleDeflater, createPublicDeflater } from '../../src/workers/deflater.ts';

const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));

test(`this Node.js has the quick way to deflate, and both give the same (EC2_IMAGE_SEED=${seed})`, () => {
  const level = 1;
  const [quick, plain] = [createHandleDeflater(level)!, createPublicDeflater(level)];
  expect(quick).toBeDefined();
  const content = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 300 }));
  fc.assert(
    fc.property(content, fc.nat(20), ([bytes, times], missing) => {
      const unit = Buffer.concat(Array.from({ length: times }, () => bytes));
      const wanted = deflateSync(unit, { level });
      for (const deflate of [quick, plain]) {
        const out = Buffer.alloc(wanted.length + 20, 0x77);
        expect(deflate(unit, out)).toBe(wanted.length);
        expect(out.subarray(0, wanted.length).equals(wanted)).toBe(true);
        expect(out.subarray(wanted.length).equals(Buffer.alloc(20, 0x77))).toBe(true);
        const short = out.subarray(0, Math.max(0, wanted.length - 1 - missing));
        expect(() => deflate(unit, short)).toThrow(RangeError);
      }
    }),
    { seed },
  );
});
