import { execa } from 'execa';
import type { Account } from './account.ts';
import { type PeakMemory, watchPeakMemory } from './process-memory.ts';
import { findProgram } from './programs.ts';

export interface ImportRun {
  readonly snapshotId: string;
  readonly seconds: number;
  /** By the step's name, as the command reports it. */
  readonly stepSeconds: Readonly<Record<string, number>>;
  readonly peak: PeakMemory;
}

export interface ImportImageOptions {
  readonly account: Account;
  readonly url: string;
  readonly checksumUrl: string;
  readonly workDirectory: string;
  /** More arguments for `ec2-image import`. */
  readonly args?: readonly string[];
}

/** Runs `ec2-image import` on an empty work directory, as a user would, and watches its memory. Fails unless all of it was really done. */
export async function importImage(options: ImportImageOptions): Promise<ImportRun> {
  const { account, url, checksumUrl, workDirectory, args = [] } = options;
  const flags = {
    name: 'bench',
    url,
    'checksum-url': checksumUrl,
    arch: 'x86_64',
    bucket: account.bucket,
    'work-dir': workDirectory,
    'poll-interval': '1',
  };
  const started = performance.now();
  const child = execa(
    'node',
    [
      await findProgram('ec2-image'),
      'import',
      ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
      '--json',
      '--quiet',
      ...args,
    ],
    { env: account.env, stdin: 'ignore' },
  );
  const [peak, { stdout }] = await Promise.all([watchPeakMemory(child.pid!), child]);
  const seconds = (performance.now() - started) / 1000;
  const { images } = JSON.parse(stdout) as {
    images: [
      { outcome: string; snapshotId: string; steps: { step: string; outcome: string; seconds: number }[] },
    ];
  };
  const [{ outcome, snapshotId, steps }] = images;
  if (outcome !== 'imported' || steps.some((step) => step.outcome === 'reused')) {
    throw new Error(`not everything was done: ${stdout}`);
  }
  const stepSeconds = Object.fromEntries(steps.map(({ step, seconds }) => [step, seconds]));
  return { snapshotId, seconds, stepSeconds, peak };
}
