import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHandleInflater, createPublicInflater } from '../../src/workers/inflate.ts';

const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));

test(`this Node.js has the quick way, and both give the same (EC2_IMAGE_SEED=${seed})`, () => {
  const quick = createHandleInflater();
  const plain = createPublicInflater();
  expect(quick).toBeDefined();
  const change = fc.option(fc.record({ at: fc.nat(5000), byte: fc.nat(255) }), { nil: undefined });
  const content = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 20 }));
  fc.assert(
    fc.property(
      content,
      fc.integer({ min: 0, max: 9 }),
      fc.nat(600),
      change,
      ([bytes, times], level, garbage, damage) => {
        const wanted = Buffer.concat(Array.from({ length: times }, () => bytes));
        const stream = deflateRawSync(wanted, { level });
        const input = Buffer.concat([stream, Buffer.alloc(garbage, 0xa5)]);
        if (damage) input[damage.at % input.length] = damage.byte;
        const results = [quick!, plain].map(({ inflate }) => {
          const out = Buffer.alloc(wanted.length + 20, 0x77);
          return { used: inflate(input, out, 10, wanted.length), out };
        });
        const [one, two] = results as [(typeof results)[0], (typeof results)[0]];
        // A stream that would give more than a cluster is taken by QEMU, and by the quick way, but not by the documented one.
        if (two.used === undefined && damage) return;
        expect(one.used).toBe(two.used);
        expect(one.out.equals(two.out)).toBe(true);
        if (damage) return;
        expect(one.used).toBe(stream.length);
        expect(one.out.subarray(10, 10 + wanted.length).equals(wanted)).toBe(true);
        expect(one.out.subarray(0, 10).equals(Buffer.alloc(10, 0x77))).toBe(true);
        expect(one.out.subarray(-10).equals(Buffer.alloc(10, 0x77))).toBe(true);
      },
    ),
    { seed },
  );
});
