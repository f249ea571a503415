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

/** All that stands in RESULTS.md, by one name. */
const groups: Readonly<Record<string, readonly string[]>> = { speed: Object.keys(speedBenchmarks) };

const given = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benchmarks);
const names = given.flatMap((name) => (Object.hasOwn(groups, name) ? groups[name]! : [name]));
const unknown = names.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}; there are: ${[...Object.keys(groups), ...Object.keys(benchmarks)].join(', ')}.`,
  );
  process.exitCode = 2;
} else {
  for (const name of names) {
    console.log(`\n## ${name}\n`);
    await benchmarks[name]!();
  }
}
