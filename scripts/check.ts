/**
 * Everything a change has to pass: what is checked without running it, then every test; `npm test` and CI run this after
 * the set-up. Arguments go to vitest: `npm test -- packages/fetch -t resume`.
 *
 * The last line is `N passed, N failed` (and `, N skipped`): vitest's own counts, to which each failed check adds one.
 */
import { execFile } from 'node:child_process';
import { parseCLI, startVitest } from 'vitest/node';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The arguments of `pnpm` for each. */
const checks = {
  'format and lint': ['exec', 'biome', 'check', '--error-on-warnings', '.'],
  'build and types': [
    ...['exec', 'turbo', 'run', 'build', 'typecheck'],
    ...['--continue', '--output-logs=errors-only'],
  ],
  imports: ['exec', 'node', 'scripts/check-imports.ts'],
  'unused code': ['exec', 'knip', '--no-config-hints'],
  'dependency versions': ['exec', 'sherif'],
};

/** Of what the builds wrote. */
const publishedForm = ['--recursive', '--filter=./packages/*', 'exec', 'publint', '--strict'];

/** Silent where it passes, so that what failed stands out. */
async function passes(name: string, args: string[]): Promise<boolean> {
  const started = performance.now();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  execFile('pnpm', args, { maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(` ${error ? '✗' : '✓'} ${name} (${seconds} s)`);
    if (error) console.log(stdout + stderr);
    resolve(!error);
  });
  return promise;
}

/** How many fail. Side by side, but for what reads the builds: most use a single core. */
async function runChecks(): Promise<number> {
  const verdicts = await Promise.all(Object.entries(checks).map(([name, args]) => passes(name, args)));
  verdicts.push(await passes('published form', publishedForm));
  return verdicts.filter((passed) => !passed).length;
}

async function runTests(args: string[]): Promise<Counts> {
  const { filter, options } = parseCLI(['vitest', 'run', ...args]);
  const vitest = await startVitest(filter, options);
  const modules = vitest.state.getTestModules();
  const states = modules.flatMap((module) =>
    [...module.children.allTests()].map((test) => test.result().state),
  );
  // A module that can't be loaded, a hook that throws, an error outside any test: nothing else would count them.
  const brokenModules = modules.filter(
    (module) => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0,
  );
  const strayErrors = vitest.state.getUnhandledErrors();
  await vitest.close();
  const count = (state: string) => states.filter((each) => each === state).length;
  return {
    passed: count('passed'),
    failed: count('failed') + brokenModules.length + strayErrors.length,
    skipped: states.length - count('passed') - count('failed'),
  };
}

/**
 * What chooses the samples of large spaces: from the commit, so that another run of it tries the same, and the next
 * commit tries others. Random outside a clone.
 */
async function seedOfCommit(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  execFile('git', ['rev-parse', '--short=7', 'HEAD'], (error, stdout) => {
    resolve(error ? Math.floor(Math.random() * 2 ** 28) : Number.parseInt(stdout.slice(0, 7), 16));
  });
  return promise;
}

process.env.TURBO_TELEMETRY_DISABLED = '1';
// Who names files wants all of their tests.
if (process.argv.length === 2) process.env.EC2_IMAGE_TEST ??= 'sample';
process.env.EC2_IMAGE_SEED ??= String(await seedOfCommit());
console.log(` EC2_IMAGE_SEED=${process.env.EC2_IMAGE_SEED} repeats the samples and conditions of this run`);
const failedChecks = await runChecks();
// Disks pass through in buffers of megabytes, and a worker starts programs by the hundred, for each of which Linux copies
// its page tables: in huge pages, where glibc is the C library, both take a tenth of the processor time less. Buffers that
// are freed stay with the process, up to 256 MiB: else the kernel clears their pages again for each, a third of its time.
process.env.GLIBC_TUNABLES ??= [
  'glibc.malloc.hugetlb=1',
  `glibc.malloc.mmap_threshold=${32 * 2 ** 20}`,
  `glibc.malloc.trim_threshold=${256 * 2 ** 20}`,
  `glibc.malloc.top_pad=${32 * 2 ** 20}`,
].join(':');
const tests = await runTests(process.argv.slice(2));
const failed = tests.failed + failedChecks;
// A run of nothing proves nothing.
process.exitCode = failed === 0 && tests.passed > 0 ? 0 : 1;
console.log(
  `${tests.passed} passed, ${failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`,
);
