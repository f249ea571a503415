import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type Figure, isReached } from './figure.ts';
import { toolPath } from './measure.ts';

const path = fileURLToPath(new URL('../../RESULTS.md', import.meta.url));

/** Notes on figures that cannot be had, kept beside the code: they outlive a run. */
const notes = fileURLToPath(new URL('../../NOTES.md', import.meta.url));

const tools: readonly (readonly [string, ...string[]])[] = [
  ['curl', '--version'],
  ['aria2c', '--version'],
  ['aws', '--version'],
  ['rclone', '--version'],
  ['qemu-img', '--version'],
  ['xz', '--version'],
];

export async function writeResults({
  figures,
  rounds,
  failures,
}: {
  readonly figures: readonly Figure[];
  readonly rounds: number;
  readonly failures: readonly string[];
}): Promise<void> {
  const versions = await Promise.all(tools.map(versionOf));
  const [cpu] = cpus();
  const lines = [
    '# What was measured',
    '',
    'Written by `npm run bench -- speed`. Every figure is a ratio, or a rate, taken in one run: the contestants take turns, round after round, each round on an',
    `empty account and work directory, and the medians of ${rounds} rounds are compared. Servers are the same for both sides and run in processes of their own.`,
    '',
    `- ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores of ${cpu?.model.trim() || 'an unnamed processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory, Linux ${release()}`,
    `- load average of the last minute when the run ended: ${loadavg()[0]!.toFixed(1)} (the benches keep both cores busy themselves)`,
    `- Node ${process.versions.node}; ${versions.join('; ')}`,
    '',
    '| what | came to | to reach | |',
    '| --- | --- | --- | --- |',
    ...figures.map(row),
    '',
    '## How',
    '',
    ...figures.map(({ what, from }) => `- **${what}**: ${from}`),
    ...(failures.length > 0 ? ['', '## Not measured', '', ...failures.map((failure) => `- ${failure}`)] : []),
    '',
    (await readFile(notes, 'utf8').catch(() => '')).trim(),
  ];
  await writeFile(path, `${lines.join('\n').trim()}\n`);
}

function row(figure: Figure): string {
  const { what, value, unit = '', target } = figure;
  const wanted = target ? ('atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`) : '';
  const reached = isReached(figure);
  const verdict = reached === undefined ? '' : reached ? 'reached' : '**missed**';
  return `| ${what} | ${value >= 100 ? value.toFixed(0) : value.toFixed(2)}${unit} | ${wanted}${wanted && unit} | ${verdict} |`;
}

async function versionOf([name, ...args]: readonly [string, ...string[]]): Promise<string> {
  const { stdout, stderr, failed } = await execa(name, args, { env: { PATH: toolPath }, reject: false });
  return failed ? `${name} is missing` : (stdout || stderr).split('\n')[0]!.trim();
}
