import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

test.each(['s3', 'ebs'])('by way of %s, the heap stays small whatever garbage is made', async (via) => {
  const program = fileURLToPath(new URL('fixtures/old-garbage.ts', import.meta.url));
  const { stdout } = await execa(process.execPath, [program, via]);
  expect(Number(stdout)).toBeGreaterThan(0);
  expect(Number(stdout)).toBeLessThan(256 * 1024);
});
