import { execa } from 'execa';
import type { Account } from './account.ts';
import { type PeakMemory, watchPeakMemory } from './process-memory.ts';
import { endedChildrenSeconds } from './processor-seconds.ts';
import { findProgram } from './programs.ts';

export interface ImportRun {
  readonly snapshotId: string;
  readonly seconds: number;
  /** Of the tool and of every program that it started. */
  readonly processorSeconds: number;
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

/** Runs `ec2-image import` on an empty work directory, as a user would, and watches it. Fails unless all of it was really done. */
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
  const { images, ...run } = await runImport(account, [
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
    ...args,
  ]);
  const [{ snapshotId, steps }] = images as [ImportedImage];
  return {
    ...run,
    snapshotId,
    stepSeconds: Object.fromEntries(steps.map(({ step, seconds }) => [step, seconds])),
  };
}

/** What `ec2-image import --json` reports of an image. */
export interface ImportedImage {
  readonly outcome: string;
  readonly snapshotId: string;
  readonly steps: readonly { readonly step: string; readonly outcome: string; readonly seconds: number }[];
}

/** Runs `ec2-image import` with these arguments; nothing else that this process has started may end meanwhile. */
export async function runImport(
  account: Account,
  args: readonly string[],
): Promise<Pick<ImportRun, 'seconds' | 'processorSeconds' | 'peak'> & { readonly images: ImportedImage[] }> {
  const startedAt = performance.now();
  const before = endedChildrenSeconds();
  const child = execa('node', [await findProgram('ec2-image'), 'import', '--json', '--quiet', ...args], {
    env: account.env,
    stdin: 'ignore',
  });
  const [peak, { stdout, endedAt }] = await Promise.all([
    watchPeakMemory(child.pid!),
    child.then((end) => ({ ...end, endedAt: performance.now() })),
  ]);
  const { images } = JSON.parse(stdout) as { images: ImportedImage[] };
  for (const { outcome, steps } of images) {
    if (outcome !== 'imported' || steps.some((step) => step.outcome === 'reused'))
      throw new Error(`not everything was done: ${stdout}`);
  }
  return {
    images,
    peak,
    seconds: (endedAt - startedAt) / 1000,
    processorSeconds: endedChildrenSeconds() - before,
  };
}
