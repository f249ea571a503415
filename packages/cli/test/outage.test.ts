import { setTimeout as delay } from 'node:timers/promises';
import { type FaultMatch, startLocalAws } from '@ec2-image/local-aws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAccount, type TestAccount } from './support/account.ts';
import { expectOneOfEach, type Way } from './support/crash-points.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runInProcess, useOwnEnvironment } from './support/in-process.ts';
import { runSample } from './support/sample.ts';

let images: TestImages;
beforeAll(async () => {
  useOwnEnvironment();
  images = await publishImages(['qcow2']);
});
afterAll(() => images[Symbol.asyncDispose]());

const quick = { importTaskMs: 60, snapshotCompletionMs: 0, imageCreationMs: 0 };

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

async function argsFor(account: TestAccount, { way }: Pick<Moment, 'way'>, flags = {}) {
  return importArgs({
    account,
    workDirectory: await makeWorkDirectory(),
    url: images.url('qcow2'),
    'checksum-url': images.checksumUrl,
    via: way,
    'omit-holes': way === 'ebs' || undefined,
    suffix: 'outage',
    ...(way === 'ebs' && { bucket: undefined }),
    // Bounds what AWS answers, and no outage.
    'max-attempts': 1,
    ...flags,
  });
}

/** Stops the emulator at the moment; the state stays. */
async function stopAt({ aws }: TestAccount, { match, when }: Moment): Promise<void> {
  await aws.faults.add({ match, action: { kind: 'hang', when } }).struck;
  if (when === 'after')
    await expect.poll(() => aws.calls.list().every(({ outcome, status }) => outcome !== 'running' || status));
  await aws.close();
}

const restart = ({ directory, aws: { port } }: TestAccount) =>
  startLocalAws({ directory, port, ec2: quick, onNotice: () => {} });

test(
  'an import outlives an outage of every service, whenever it comes',
  async () => {
    const { failures } = await runSample(
      moments,
      async (moment) => {
        const account = await openAccount({ ec2: quick });
        const running = runInProcess(await argsFor(account, moment));
        await stopAt(account, moment);
        await delay(1_500);
        const aws = await restart(account);
        try {
          await expectOneOfEach({ account }, images, await running);
        } finally {
          await aws.close();
          await account[Symbol.asyncDispose]();
        }
      },
      { size: 8, sideBySide: 5 },
    );
    expect(
      failures.map(
        ({ point: { way, match, when }, message }) => `${way} ${match.operation} ${when}: ${message}`,
      ),
    ).toEqual([]);
  },
  10 * 60_000,
);

describe('an outage that does not end', () => {
  test.each([
    ['S3', { way: 's3', match: { operation: 'UploadPart' }, when: 'before' }],
    ['EC2', { way: 's3', match: { operation: 'DescribeImportSnapshotTasks' }, when: 'before' }],
    ['EBS', { way: 'ebs', match: { operation: 'PutSnapshotBlock' }, when: 'before' }],
  ] as const)('of %s is told of, and given up after --outage-timeout', async (service, moment) => {
    await using account = await openAccount({ ec2: quick });
    const running = runInProcess(await argsFor(account, moment, { 'outage-timeout': 5 }));
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
  });
});
