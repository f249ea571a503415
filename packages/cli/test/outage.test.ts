import { setTimeout as delay } from 'node:timers/promises';
import { type FaultMatch, startLocalAws } from '@ec2-image/local-aws';
import { openAccount, type TestAccount } from './support/account.ts';
import { expectOneOfEach, type Way } from './support/crash-points.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { TestImages } from './support/images.ts';
import { type Flags, type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { runSample } from './support/sample.ts';

const quick = { importTaskMs: 60, snapshotCompletionMs: 0, imageCreationMs: 0 };
/** Calm: `--max-attempts 1` is all that is left for what AWS answers, and adverse conditions throttle. */
const calm = { conditions: 'calm', ec2: quick } as const;
const test = testWith({ account: calm });

/** Every service is out of reach from one call of an import on, before or after it is carried out. */
interface Moment {
  readonly way: Way;
  readonly match: FaultMatch;
  readonly when: 'before' | 'after';
}

const operations: Readonly<Record<Way, readonly string[]>> = {
  s3: [
    'GetCallerIdentity',
    'HeadBucket',
    'CreateMultipartUpload',
    'UploadPart',
    'CompleteMultipartUpload',
    'ImportSnapshot',
    'DescribeImportSnapshotTasks',
    'CreateTags',
    'DeleteObject',
    'RegisterImage',
  ],
  ebs: ['GetCallerIdentity', 'StartSnapshot', 'PutSnapshotBlock', 'CompleteSnapshot', 'DescribeTags'],
};

const moments = Object.entries(operations).flatMap(([way, names]) =>
  names.flatMap((operation) =>
    (['before', 'after'] as const).map((when): Moment => ({ way: way as Way, match: { operation }, when })),
  ),
);

const flagsOf = ({ way }: Moment): Flags => ({
  via: way,
  'omit-holes': way === 'ebs' || undefined,
  suffix: 'outage',
  ...(way === 'ebs' && { bucket: undefined }),
  // Bounds what AWS answers, and no outage.
  'max-attempts': 1,
});

/** Stops the emulator at the moment; the state stays. */
async function stopAt({ aws }: TestAccount, { match, when }: Moment): Promise<void> {
  await aws.faults.add({ match, action: { kind: 'hang', when } }).struck;
  if (when === 'after')
    await expect.poll(() => aws.calls.list().every(({ outcome, status }) => outcome !== 'running' || status));
  await aws.close();
}

const restart = ({ directory, aws: { port } }: TestAccount) =>
  startLocalAws({ directory, port, ec2: quick, onNotice: () => {} });

async function outlive(moment: Moment, images: TestImages): Promise<void> {
  const account = await openAccount(calm);
  const args = importArgs({
    account,
    workDirectory: await makeWorkDirectory(),
    url: images.url('qcow2'),
    'checksum-url': images.checksumUrl,
    ...flagsOf(moment),
  });
  const running = runInProcess(args);
  await stopAt(account, moment);
  await delay(1_500);
  const aws = await restart(account);
  try {
    await expectOneOfEach({ account }, images, await running);
  } finally {
    await aws.close();
    await account[Symbol.asyncDispose]();
  }
}

test(
  'an import outlives an outage of every service, whenever it comes',
  async ({ images }) => {
    const { failures } = await runSample(moments, (moment) => outlive(moment, images), {
      size: 5,
      sideBySide: 5,
    });
    expect(
      failures.map(
        ({ point: { way, match, when }, message }) => `${way} ${match.operation} ${when}: ${message}`,
      ),
    ).toEqual([]);
  },
  10 * 60_000,
);

describe('an outage that does not end', () => {
  test.for<readonly [string, Moment]>([
    ['S3', { way: 's3', match: { operation: 'UploadPart' }, when: 'before' }],
    ['EC2', { way: 's3', match: { operation: 'DescribeImportSnapshotTasks' }, when: 'before' }],
    ['EBS', { way: 'ebs', match: { operation: 'PutSnapshotBlock' }, when: 'before' }],
  ])(
    'of %s is told of, and given up after --outage-timeout',
    { concurrent: true },
    async ([service, moment], { account, argsOf }) => {
      const running = runInProcess(argsOf({ ...flagsOf(moment), 'outage-timeout': 5 }));
      await stopAt(account, moment);
      const stoppedAt = performance.now();
      const end = await running;
      expect(performance.now() - stoppedAt).toBeLessThan(15_000);
      expect(end.exitCode).toBe(1);
      expect(end.stderr).toMatch(
        new RegExp(
          `${service} is unreachable since \\d\\d:\\d\\d:\\d\\d UTC; retrying \\(\\w+: .*ECONNREFUSED`,
        ),
      );
      const [result] = end.json<ImportDocument>().images;
      expect(result?.error?.code).toMatch(/^(AWS_UNREACHABLE|UPLOAD_INTERRUPTED)$/);
    },
  );
});
