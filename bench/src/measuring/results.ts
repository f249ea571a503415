import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type Figure, isReached } from './figure.ts';
import { toolPath } from './measure.ts';

const path = fileURLToPath(new URL('../../RESULTS.md', import.meta.url));

/** The figures of each part's last run, on whatever machine that was: {@link path} is written from them. */
const kept = fileURLToPath(new URL('../../results.json', import.meta.url));

/** What is to be said of the figures, by hand: it outlives a run. */
const notes = fileURLToPath(new URL('../../NOTES.md', import.meta.url));

const tools: readonly (readonly [string, ...string[]])[] = [
  ['curl', '--version'],
  ['aria2c', '--version'],
  ['aws', '--version'],
  ['rclone', '--version'],
  ['qemu-img', '--version'],
  ['xz', '--version'],
];

/** What one benchmark came to. */
export interface MeasuredPart {
  readonly name: string;
  readonly figures: readonly Figure[];
  readonly rounds: number;
  /** The machine's load average of the minute before: what else it was doing. */
  readonly loadBefore: number;
  readonly measuredAt: string;
}

/** Puts a part in the place of its last run, and writes all of them. */
export async function writeResults({
  part,
  order,
}: {
  readonly part: MeasuredPart;
  readonly order: readonly string[];
}): Promise<void> {
  const before = JSON.parse(await readFile(kept, 'utf8')) as MeasuredPart[];
  const parts = [...before.filter(({ name }) => name !== part.name && order.includes(name)), part].toSorted(
    (a, b) => order.indexOf(a.name) - order.indexOf(b.name),
  );
  await writeFile(kept, `${JSON.stringify(parts, null, 2)}\n`);
  const versions = await Promise.all(tools.map(readVersion));
  const [cpu] = cpus();
  const figures = parts.flatMap((one) => one.figures);
  const lines = [
    '# What was measured',
    '',
    'Written by `npm run bench`. Times are ratios, or rates, taken in one run: the contestants take turns, round after round, each round on an empty account',
    'and work directory, and medians are compared. Servers are the same for both sides and run in processes of their own.',
    '',
    `- ${availableParallelism()} cores of ${cpu?.model.trim() || 'an unnamed processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory, Linux ${release()}`,
    `- Node ${process.versions.node}; ${versions.join('; ')}`,
    '',
    '| what | came to | to reach | |',
    '| --- | --- | --- | --- |',
    ...figures.map(row),
    '',
    (await readFile(notes, 'utf8').catch(() => '')).trim(),
    '',
    '## How',
    ...parts.flatMap(({ name, rounds, loadBefore, measuredAt, figures }) => [
      '',
      `### ${name}`,
      '',
      `\`npm run bench -- ${name}\`, ${measuredAt.slice(0, 16).replace('T', ' ')} UTC, ${rounds} rounds; the machine's load average in the minute before: ${loadBefore.toFixed(1)}.`,
      '',
      ...figures.map(({ what, from }) => `- **${what}**: ${from}`),
    ]),
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

async function readVersion([name, ...args]: readonly [string, ...string[]]): Promise<string> {
  const { stdout, stderr, failed } = await execa(name, args, { env: { PATH: toolPath }, reject: false });
  return failed ? `${name} is missing` : (stdout || stderr).split('\n')[0]!.trim();
}
