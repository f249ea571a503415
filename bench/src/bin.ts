/** `npm run bench [-- NAME…]`: the benchmarks named, or all of them, one after the other. */
import { largeAccountFigures } from './large-accounts/figures.ts';
import { recordPart } from './measuring/record-part.ts';
import { speedBenchmarks, speedParts } from './speed/speed.ts';
import { systemDisk } from './system-disk.ts';

/** As they stand in RESULTS.md. */
const order = [...speedParts, 'large-accounts'];

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  ...speedBenchmarks(order),
  // Calls and memory are the same in each round.
  'large-accounts': () => recordPart('large-accounts', { order, rounds: 1, measure: largeAccountFigures }),
  'system-disk': systemDisk,
};

/** Several, by one name. */
const groups: Readonly<Record<string, readonly string[]>> = { speed: speedParts };

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
