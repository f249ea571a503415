/** `npm run bench [-- NAME…]`: the benchmarks named, or all of them, one after the other. */
import { inventoryBenchmark } from './inventory.ts';
import { janitor } from './janitor.ts';
import { speedBenchmarks } from './speed/speed.ts';
import { systemDisk } from './system-disk.ts';

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  janitor,
  inventory: inventoryBenchmark,
  ...speedBenchmarks,
  'system-disk': systemDisk,
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benchmarks);
const unknown = names.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}; there are: ${Object.keys(benchmarks).join(', ')}.`,
  );
  process.exitCode = 2;
} else {
  for (const name of names) {
    console.log(`\n## ${name}\n`);
    await benchmarks[name]!();
  }
}
