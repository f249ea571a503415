import { execa } from 'execa';
import { expect, test } from 'vitest';
import { watchPeakMemory } from '../src/process-memory.ts';

const mebibyte = 2 ** 20;

/** Holds this much for half a second, and gives it back before it ends. */
const hold = (mebibytes: number) =>
  `let held = Buffer.alloc(${mebibytes} * 2 ** 20, 1); setTimeout(() => { held = undefined }, 500);`;

test("a process' peak and its child's are told apart", async () => {
  const program = `require('node:child_process').spawn('node', ['-e', ${JSON.stringify(hold(300))}]); ${hold(100)}`;
  const child = execa('node', ['-e', program]);
  const [peak] = await Promise.all([watchPeakMemory(child.pid!), child]);
  expect(peak.own).toBeGreaterThan(100 * mebibyte);
  expect(peak.own).toBeLessThan(250 * mebibyte);
  expect([...peak.children.values()]).toEqual([expect.toSatisfy((bytes: number) => bytes > 300 * mebibyte)]);
});
