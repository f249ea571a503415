import { EBSClient, PutSnapshotBlockCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import {
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
} from '@aws-sdk/client-ec2';
import { CreateRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { expect, it } from 'vitest';
import { mostReads } from '../../src/conditions/read-lag.ts';
import { seedEc2 } from '../../src/index.ts';
import type { TestAccount } from '../../src/testing/index.ts';
import { firstSeedThat, isListed, openAdverse, outcomeOf, trustPolicy } from './adverse-account.ts';

const id = 'snap-0123456789abcdef0';
const imageId = 'ami-0123456789abcdef0';

/** Reads until the answer is the true one; how many were not. */
async function staleReads(read: () => Promise<boolean>): Promise<number> {
  for (let stale = 0; stale <= mostReads; stale += 1) if (await read()) return stale;
  throw new Error(`still not to be seen after ${mostReads} reads`);
}

async function start(account: TestAccount): Promise<string> {
  const { SnapshotId } = await account.client(EBSClient).send(new StartSnapshotCommand({ VolumeSize: 1 }));
  return SnapshotId!;
}

it('a new snapshot is not found at first, and is after a few reads', async () => {
  await firstSeedThat(async (account) => {
    const made = await start(account);
    const describe = () => account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [made] }));
    let lastRefusal: unknown;
    const stale = await staleReads(async () => {
      const outcome = await outcomeOf(describe());
      if (typeof outcome === 'string') lastRefusal = outcome;
      return typeof outcome !== 'string';
    });
    if (stale > 0) expect(lastRefusal).toBe('InvalidSnapshot.NotFound');
    return stale > 1;
  });
});

it('no write is unseen an hour later, however few have read', async () => {
  let hoursLater = 0;
  const now = () => Date.now() + hoursLater * 3_600_000;
  const isUnseen = async (account: TestAccount) => !(await isListed(account.ec2, await start(account)));
  const seed = await firstSeedThat(isUnseen);
  await using account = await openAdverse({ seed, now });
  const made = await start(account);
  hoursLater = 1;
  expect(await isListed(account.ec2, made)).toBe(true);
});

it('a list leaves it out as long, and the observer sees it at once', async () => {
  await firstSeedThat(async (account) => {
    const made = await start(account);
    expect(await isListed(account.observer.ec2, made)).toBe(true);
    return (await staleReads(() => isListed(account.ec2, made))) > 0;
  });
});

it('EBS direct does not know a snapshot either that it has just started', async () => {
  await firstSeedThat(async (account) => {
    const ebs = account.client(EBSClient);
    const SnapshotId = await start(account);
    const BlockData = Buffer.alloc(524_288);
    const Checksum = 'B4VNL+8peg5dVKVnAH5twIYdGbJTyd1EsnuS1zlHhlY=';
    const put = new PutSnapshotBlockCommand({
      SnapshotId,
      BlockIndex: 0,
      BlockData,
      DataLength: BlockData.length,
      Checksum,
      ChecksumAlgorithm: 'SHA256',
    });
    const outcomes = new Set<unknown>();
    const stale = await staleReads(async () => {
      const outcome = await outcomeOf(ebs.send(put));
      outcomes.add(outcome);
      return outcome !== 'ResourceNotFoundException';
    });
    return stale > 0 && outcomes.has('ResourceNotFoundException');
  });
});

it('a deleted snapshot shows for a few reads more', async () => {
  await firstSeedThat(async (account) => {
    seedEc2({ directory: account.directory, snapshots: [{ id }] });
    await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }));
    expect(await isListed(account.observer.ec2, id)).toBe(false);
    return (await staleReads(async () => !(await isListed(account.ec2, id)))) > 0;
  });
});

it('a snapshot stays in use by an AMI that is deregistered and still shows', async () => {
  await firstSeedThat(async (account) => {
    seedEc2({
      directory: account.directory,
      snapshots: [{ id }],
      images: [{ id: imageId, name: 'test', snapshotIds: [id] }],
    });
    await account.ec2.send(new DeregisterImageCommand({ ImageId: imageId }));
    return (
      (await outcomeOf(account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: id })))) ===
      'InvalidSnapshot.InUse'
    );
  });
});

it('old tags show for a few reads, in every list that has them, and filters go by what shows', async () => {
  await firstSeedThat(async (account) => {
    seedEc2({
      directory: account.directory,
      snapshots: [{ id }],
      images: [{ id: imageId, name: 'test', snapshotIds: [id] }],
    });
    await account.ec2.send(
      new CreateTagsCommand({ Resources: [imageId], Tags: [{ Key: 'a', Value: 'new' }] }),
    );
    const filtered = new DescribeImagesCommand({ Filters: [{ Name: 'tag:a', Values: ['new'] }] });
    const byTags = new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [imageId] }] });
    const byFilter = await account.ec2.send(filtered);
    const listed = await account.ec2.send(byTags);
    // Each of the two counted as a read, and there are no more that lag.
    expect((await account.ec2.send(filtered)).Images).toHaveLength(1);
    expect((await account.ec2.send(byTags)).Tags).toMatchObject([{ Key: 'a', Value: 'new' }]);
    return byFilter.Images?.length === 0 && listed.Tags?.length === 0;
  });
});

it('IAM does not find a role that it has just made', async () => {
  await firstSeedThat(async (account) => {
    const iam = account.client(IAMClient);
    const RoleName = 'new';
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustPolicy }));
    const stale = await staleReads(
      async () => (await outcomeOf(iam.send(new GetRoleCommand({ RoleName })))) !== 'NoSuchEntityException',
    );
    return stale > 0;
  });
});

it('nothing lags in calm conditions', async () => {
  await using account = await openAdverse({ conditions: 'calm' });
  for (let made = 0; made < 20; made += 1) {
    expect(await isListed(account.ec2, await start(account))).toBe(true);
  }
});
