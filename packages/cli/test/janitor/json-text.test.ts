import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeJson } from '../../src/documents/json-text.ts';

async function written(value: unknown): Promise<string> {
  const stream = new PassThrough();
  const [result] = await Promise.all([text(stream), writeJson(stream, value).then(() => stream.end())]);
  return result;
}

test('writes what JSON.stringify would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.object({ withDate: true, maxDepth: 4 }), async (value) => {
      expect(await written(value)).toBe(`${JSON.stringify(value, null, 2)}\n`);
    }),
  );
});

test('waits where nobody reads', async () => {
  const stream = new PassThrough();
  const big = {
    resources: Array.from({ length: 10_000 }, (_, number) => ({ id: `snap-${number}`, size: number })),
  };
  let done = false;
  const writing = writeJson(stream, big).then(() => {
    done = true;
    stream.end();
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(done).toBe(false);
  expect(stream.readableLength).toBeLessThan(300_000);
  expect(JSON.parse(await text(stream))).toEqual(big);
  await writing;
});
