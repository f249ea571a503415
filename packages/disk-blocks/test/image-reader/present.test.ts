import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createExtentList } from '../../src/image-reader/present.ts';

const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));
const unit = 65_536;

test(`extents are widened to units, merged, and never lost, and the list stays short (EC2_IMAGE_SEED=${seed})`, async () => {
  const gaps = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 400 })), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(gaps, fc.integer({ min: 1, max: 20 }), async (steps, maxExtents) => {
      let offset = 0;
      const extents = steps.map(([gap, sectors]) => {
        const extent = { offset: offset + gap * 512, length: sectors * 512 };
        offset = extent.offset + extent.length;
        return extent;
      });
      const sizeBytes = offset + 512;
      const collected = createExtentList({ sizeBytes, maxExtents });
      for (const { offset: at, length } of extents) collected.add(at, length);
      const list = collected.extents();
      expect(list.length).toBeLessThanOrEqual(maxExtents);
      for (const [index, { offset, length }] of list.entries()) {
        expect(offset % unit).toBe(0);
        expect(length > 0 && ((offset + length) % unit === 0 || offset + length === sizeBytes)).toBe(true);
        if (index > 0) expect(offset).toBeGreaterThan(list[index - 1]!.offset + list[index - 1]!.length);
      }
      for (const { offset, length } of extents)
        expect(
          list.some((each) => each.offset <= offset && offset + length <= each.offset + each.length),
        ).toBe(true);
    }),
    { seed },
  );
});
