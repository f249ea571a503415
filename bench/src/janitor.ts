import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { startAccount } from './account.ts';
import { countCalls, forgetCalls, printCalls, surplusOf } from './calls.ts';
import { type LargeAccount, makeLargeAccount } from './large-account.ts';
import { type PeakMemory, watchPeakMemory } from './process-memory.ts';
import { findProgram } from './programs.ts';
import { maxPeakBytes } from './system-disk.ts';

export interface JanitorRun {
  readonly seconds: number;
  readonly peak: PeakMemory;
  /** Calls by their operation. */
  readonly calls: Readonly<Record<string, number>>;
  /** How many things the plan would delete. */
  readonly toDelete: number;
  /** Calls beyond one a page of each list, and those for the candidates. */
  readonly surplus: readonly string[];
}

/** What AWS gives of a list at a time. */
const pageSize = 1000;

/** Calls to learn who and where, whatever the account holds. */
const once = ['GetCallerIdentity', 'HeadBucket', 'GetBucketVersioning', 'ListMultipartUploads'];

/** Lists of what may use an AMI, read whole as soon as one is to be deleted. */
const users = [
  'DescribeLaunchConfigurations',
  'DescribeLaunchTemplates',
  'DescribeAutoScalingGroups',
  'DescribeFleets',
  'DescribeSpotFleetRequests',
  'DescribeSpotInstanceRequests',
];

/** The emulator's clock is the real one, so what is put into a bucket is young. */
const anyAge = ['--older-than', '0'];

/** Runs `ec2-image janitor` on a large account, and compares the calls it made with those it may make. */
export async function runJanitor(size: LargeAccount): Promise<JanitorRun> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-janitor-'));
  try {
    await using account = await startAccount({ directory });
    const { leftovers } = await makeLargeAccount({ account, directory, ...size });
    await forgetCalls(account);
    const started = performance.now();
    const child = execa(
      'node',
      [await findProgram('ec2-image'), 'janitor', '--bucket', account.bucket, ...anyAge, '--json', '--quiet'],
      {
        env: account.env,
        stdin: 'ignore',
        reject: false,
        maxBuffer: 2 ** 30,
      },
    );
    const [peak, { stdout, exitCode }] = await Promise.all([watchPeakMemory(child.pid!), child]);
    const seconds = (performance.now() - started) / 1000;
    // Leftovers found, and nothing unread.
    if (exitCode !== 3) throw new Error(`the janitor ended with ${exitCode}: ${stdout.slice(0, 2000)}`);
    const { janitor } = JSON.parse(stdout) as { janitor: { plan: { resources: { verdict: string }[] } } };
    const calls = await countCalls(account);
    const allowed: Record<string, number> = {
      ...Object.fromEntries(once.map((operation) => [operation, 1])),
      DescribeImportSnapshotTasks: 1,
      DescribeSnapshots: Math.ceil(size.snapshots / pageSize),
      DescribeImages: Math.ceil(size.images / pageSize),
      ListObjectsV2: Math.ceil(size.objects / pageSize),
      DescribeSnapshotAttribute: leftovers.snapshots,
      DescribeLockedSnapshots: leftovers.snapshots,
      DescribeFastSnapshotRestores: leftovers.snapshots,
      DescribeSnapshotTierStatus: leftovers.snapshots,
      HeadObject: leftovers.objects,
      GetObjectTagging: leftovers.objects,
      DescribeImageReferences: Math.ceil(leftovers.images / 10),
      ...Object.fromEntries(users.map((operation) => [operation, 1])),
      DescribeImageAttribute: 2 * leftovers.images,
    };
    return {
      seconds,
      peak,
      calls,
      toDelete: janitor.plan.resources.filter(({ verdict }) => verdict === 'delete').length,
      surplus: surplusOf(calls, allowed),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export const largeAccount: LargeAccount = { snapshots: 100_000, objects: 50_000, images: 20_000 };

/** `npm run bench -- janitor` */
export async function janitor(): Promise<void> {
  const { seconds, peak, calls, toDelete, surplus } = await runJanitor(largeAccount);
  console.log(
    `${Object.entries(largeAccount)
      .map(([what, count]) => `${count.toLocaleString('en')} ${what}`)
      .join(
        ', ',
      )}: ${toDelete} to delete, found in ${seconds.toFixed(1)} s at a peak of ${(peak.own / 2 ** 20).toFixed(0)} MiB\n`,
  );
  printCalls(calls, surplus);
  if (surplus.length > 0 || peak.own > maxPeakBytes) process.exitCode = 1;
}
