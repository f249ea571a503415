import { stat, writeFile } from 'node:fs/promises';
import {
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeFastSnapshotRestoresCommand,
  DescribeSnapshotsCommand,
  DescribeSnapshotTierStatusCommand,
  DisableFastSnapshotRestoresCommand,
  DisableImageCommand,
  EnableFastSnapshotRestoresCommand,
  ListImagesInRecycleBinCommand,
  ListSnapshotsInRecycleBinCommand,
  ModifySnapshotTierCommand,
  RestoreImageFromRecycleBinCommand,
  RestoreSnapshotFromRecycleBinCommand,
  RestoreSnapshotTierCommand,
} from '@aws-sdk/client-ec2';
import { test as base } from 'vitest';
import { seedEc2 } from '../../src/ec2/seed.ts';
import type { SeedEc2Options } from '../../src/ec2/seed-options.ts';
import { expect, openAccount, refusal } from '../support/account.ts';

const ami = `ami-${'1'.padStart(17, '0')}`;
const [snap, other] = [1, 2].map((n) => `snap-${n.toString().padStart(17, '0')}`) as [string, string];
const dayMs = 24 * 3_600_000;

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('account', async ({}, { onCleanup }) => {
  let offsetMs = 0;
  const opened = await openAccount({ now: () => Date.now() + offsetMs });
  onCleanup(() => opened[Symbol.asyncDispose]());
  return {
    ...opened,
    wait(ms: number) {
      offsetMs += ms;
    },
    seed: (resources: Omit<SeedEc2Options, 'directory'>) =>
      seedEc2({ directory: opened.directory, ...resources }),
  };
});

test('what a retention rule matches goes to the Recycle Bin, from which it can be restored whole', async ({
  account,
}) => {
  account.seed({
    snapshots: [{ id: snap, description: 'first', tags: { keep: 'yes' } }, { id: other }],
    images: [{ id: ami, name: 'image', snapshotIds: [snap], tags: { Name: 'image' } }],
    retentionRules: [
      { type: 'snapshot', days: 1 },
      { type: 'snapshot', days: 7, tags: { keep: 'yes' } },
      { type: 'image', days: 3 },
    ],
  });
  await writeFile(account.snapshotPath(snap), 'bytes');
  await account.ec2.send(new DeregisterImageCommand({ ImageId: ami }));
  for (const SnapshotId of [snap, other]) await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
  const inBin = async () => {
    const { Snapshots = [] } = await account.ec2.send(new ListSnapshotsInRecycleBinCommand({}));
    return Snapshots.map(({ SnapshotId, RecycleBinEnterTime, RecycleBinExitTime }) => [
      SnapshotId,
      (RecycleBinExitTime!.getTime() - RecycleBinEnterTime!.getTime()) / dayMs,
    ]);
  };
  expect(await inBin()).toEqual([
    [snap, 7],
    [other, 1],
  ]);
  const { Images } = await account.ec2.send(new ListImagesInRecycleBinCommand({}));
  expect(Images).toMatchObject([{ ImageId: ami, Name: 'image' }]);
  await expect(account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snap] }))).rejects.toEqual(
    refusal('InvalidSnapshot.NotFound'),
  );

  account.wait(2 * dayMs);
  expect(await inBin()).toEqual([[snap, 7]]);
  await expect(
    account.ec2.send(new RestoreSnapshotFromRecycleBinCommand({ SnapshotId: other })),
  ).rejects.toEqual(refusal('InvalidSnapshot.NotFound'));
  const restored = await account.ec2.send(new RestoreSnapshotFromRecycleBinCommand({ SnapshotId: snap }));
  expect(restored).toMatchObject({ SnapshotId: snap, Description: 'first', State: 'completed' });
  await account.ec2.send(new RestoreImageFromRecycleBinCommand({ ImageId: ami }));
  const { images, snapshots } = await account.contents();
  expect(images).toMatchObject([{ ImageId: ami, Tags: [{ Key: 'Name', Value: 'image' }] }]);
  expect(snapshots).toMatchObject([{ SnapshotId: snap, Tags: [{ Key: 'keep', Value: 'yes' }] }]);
  expect((await stat(account.snapshotPath(snap))).size).toBe(5);
  expect(await inBin()).toEqual([]);
});

test('without a rule nothing is retained', async ({ account }) => {
  account.seed({ snapshots: [{ id: snap }], retentionRules: [{ type: 'image', days: 3 }] });
  await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: snap }));
  const { Snapshots } = await account.ec2.send(new ListSnapshotsInRecycleBinCommand({ MaxResults: 5 }));
  expect(Snapshots).toEqual([]);
  await expect(
    account.ec2.send(new ListSnapshotsInRecycleBinCommand({ SnapshotIds: [snap] })),
  ).rejects.toEqual(refusal('InvalidSnapshot.NotFound'));
});

test('a snapshot is archived and restored, unless an AMI needs it', async ({ account }) => {
  account.seed({
    snapshots: [{ id: snap }, { id: other }],
    images: [{ id: ami, name: 'image', snapshotIds: [snap] }],
  });
  const archive = () =>
    account.ec2.send(new ModifySnapshotTierCommand({ SnapshotId: snap, StorageTier: 'archive' }));
  const tier = async () => {
    const { SnapshotTierStatuses } = await account.ec2.send(
      new DescribeSnapshotTierStatusCommand({ Filters: [{ Name: 'snapshot-id', Values: [snap] }] }),
    );
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snap] }));
    const [{ StorageTier, LastTieringOperationStatus }] = SnapshotTierStatuses as [
      NonNullable<typeof SnapshotTierStatuses>[number],
    ];
    expect(Snapshots![0]!.StorageTier).toBe(StorageTier);
    return [StorageTier, LastTieringOperationStatus];
  };
  await expect(archive()).rejects.toEqual(refusal('InvalidSnapshot.InUse'));
  await account.ec2.send(new DisableImageCommand({ ImageId: ami }));
  expect(await tier()).toEqual(['standard', undefined]);
  await archive();
  expect(await tier()).toEqual(['archive', 'archival-completed']);
  await expect(archive()).rejects.toEqual(refusal('IncorrectState'));
  await account.ec2.send(new RestoreSnapshotTierCommand({ SnapshotId: snap, TemporaryRestoreDays: 1 }));
  expect(await tier()).toEqual(['archive', 'temporary-restore-completed']);
  await account.ec2.send(new RestoreSnapshotTierCommand({ SnapshotId: snap, PermanentRestore: true }));
  expect(await tier()).toEqual(['standard', 'permanent-restore-completed']);
});

test('fast restores go through their states, zone by zone', async ({ account }) => {
  account.seed({ snapshots: [{ id: snap, volumeSizeGiB: 1024 }] });
  const zones = { AvailabilityZones: ['us-east-1a', 'us-east-1b', 'eu-west-1a'], SourceSnapshotIds: [snap] };
  const enabled = await account.ec2.send(new EnableFastSnapshotRestoresCommand(zones));
  expect(enabled.Successful).toMatchObject([{ State: 'enabling' }, { State: 'enabling' }]);
  expect(enabled.Unsuccessful).toMatchObject([
    { SnapshotId: snap, FastSnapshotRestoreStateErrors: [{ AvailabilityZone: 'eu-west-1a' }] },
  ]);
  const states = async () => {
    const { FastSnapshotRestores = [] } = await account.ec2.send(new DescribeFastSnapshotRestoresCommand({}));
    return FastSnapshotRestores.map(({ AvailabilityZone, State }) => [AvailabilityZone, State]);
  };
  account.wait(2000);
  expect(await states()).toEqual([
    ['us-east-1a', 'optimizing'],
    ['us-east-1b', 'optimizing'],
  ]);
  account.wait(3_600_000);
  await account.ec2.send(
    new DisableFastSnapshotRestoresCommand({ ...zones, AvailabilityZones: ['us-east-1b'] }),
  );
  expect(await states()).toEqual([
    ['us-east-1a', 'enabled'],
    ['us-east-1b', 'disabling'],
  ]);
});
