import { expect } from 'vitest';
import { calmIt } from '../support/account.ts';
import { id, ourImageTags, ourTags, putObject } from '../support/resources.ts';

/** The whole of it, with memory and time, is `npm run bench -- large-accounts`. */
// Calm: counts calls.
calmIt(
  '36, a fiftieth of it: every page read once, no call for a resource but for candidates',
  async ({ account }) => {
    const createdAt = account.hoursAgo(100);
    const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
    account.seed({
      snapshots: numbers(2100).map((number) => ({
        id: id('snap', number),
        createdAt,
        tags: number < 403 ? ourTags(`fedora-i${number}`) : { team: `${number}` },
      })),
      images: numbers(400).map((number) => ({
        id: id('ami', number),
        name: `fedora-i${number}`,
        createdAt,
        snapshotIds: [id('snap', number)],
        tags: ourImageTags(`fedora-i${number}`),
      })),
    });
    await putObject(account, 100);
    account.aws.calls.clear();
    const plan = await account.find();
    expect(plan.resources.filter(({ verdict }) => verdict === 'delete').map(({ kind }) => kind)).toEqual([
      'snapshot',
      'snapshot',
      'snapshot',
      'object',
    ]);
    const calls: Record<string, number> = {};
    for (const { operation } of account.aws.calls.list()) calls[operation] = (calls[operation] ?? 0) + 1;
    expect(calls).toEqual({
      HeadBucket: 1,
      GetBucketVersioning: 1,
      ListMultipartUploads: 1,
      // Under the prefix, and at the root.
      ListObjectsV2: 2,
      DescribeInstances: 1,
      DescribeImportSnapshotTasks: 1,
      DescribeSnapshots: 3,
      DescribeImages: 1,
      DescribeSnapshotAttribute: 3,
      DescribeLockedSnapshots: 3,
      DescribeFastSnapshotRestores: 3,
      DescribeSnapshotTierStatus: 3,
      DescribeLaunchTemplates: 1,
      DescribeLaunchConfigurations: 1,
      DescribeAutoScalingGroups: 1,
      DescribeFleets: 1,
      DescribeSpotFleetRequests: 1,
      DescribeSpotInstanceRequests: 1,
      HeadObject: 1,
      GetObjectTagging: 1,
    });
  },
);

// Calm: counts calls.
calmIt('examines AMIs for references ten at a time', async ({ account }) => {
  account.seed({
    images: Array.from({ length: 25 }, (_, number) => ({
      id: id('ami', number),
      name: `fedora-i${number}`,
      createdAt: account.hoursAgo(100),
      snapshotIds: [],
      state: 'failed' as const,
      tags: ourImageTags(`fedora-i${number}`),
    })),
  });
  account.aws.calls.clear();
  const plan = await account.find({}, { buckets: [] });
  expect(plan.resources.filter(({ verdict }) => verdict === 'delete')).toHaveLength(25);
  const of = (operation: string) =>
    account.aws.calls.list().filter((call) => call.operation === operation).length;
  expect([of('DescribeImageReferences'), of('DescribeLaunchConfigurations')]).toEqual([3, 1]);
});
