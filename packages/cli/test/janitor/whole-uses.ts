import {
  CreateLaunchTemplateCommand,
  ImportSnapshotCommand,
  ModifyImageAttributeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateMultipartUploadCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { bootTestToken, metadataOf, tagList } from '@ec2-image/provenance';
import { bucket } from '../support/account.ts';
import {
  type Ended,
  hoursAgo,
  id,
  imported,
  type JanitorAccount,
  key,
  ourImageTags,
  ourTags,
} from './support.ts';

/**
 * What a command does in an account, all of it.
 *
 * @param begin is called once what it finds is there
 */
export type WholeUse = (account: JanitorAccount, begin?: () => void) => Promise<Ended[]>;

const untagged = {
  snapshots: [{ id: id('snap', 1) }],
  images: [{ id: id('ami', 1), name: 'fedora-i43', snapshotIds: [id('snap', 1)], tags: ourTags }],
};

/** Tagged as by ec2-image, with a time long past. */
async function startStalledImport(account: JanitorAccount): Promise<void> {
  account.aws.faults.add({ match: { operation: 'ImportSnapshot' }, action: { kind: 'task-stalls' } });
  await account.ec2.send(
    new ImportSnapshotCommand({
      DiskContainer: { Format: 'RAW', UserBucket: { S3Bucket: bucket, S3Key: key } },
      TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: tagList(ourTags) }],
    }),
  );
}

/** As by a boot test that was killed. */
async function startTestInstance(account: JanitorAccount, imageId: string): Promise<void> {
  const attempt = new Date(hoursAgo(98)).toISOString();
  const Tags = tagList({ ...ourImageTags, 'ec2-image:started-at': attempt });
  await account.ec2.send(
    new RunInstancesCommand({
      ...{ ImageId: imageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 },
      ClientToken: bootTestToken({ imageId, attempt }),
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    }),
  );
}

/**
 * Leftovers of every kind, a healthy AMI that is superseded, and three sweeps: of a bucket, of one with versions, and of
 * all regions. In the end nothing of it is left.
 */
async function sweepEverything(account: JanitorAccount, begin = () => {}): Promise<Ended[]> {
  const createdAt = hoursAgo(100);
  const leftovers = async () => {
    await account.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
    await account.s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'a disk', Metadata: metadataOf(ourTags) }),
    );
  };
  account.seed({
    snapshots: [
      { id: id('snap', 1), createdAt, description: imported, tags: ourTags },
      { id: id('snap', 2), createdAt, description: imported, tags: ourTags },
    ],
    images: [
      { id: id('ami', 1), createdAt, name: 'fedora-i43', snapshotIds: [id('snap', 2)], tags: ourImageTags },
      {
        ...{ id: id('ami', 4), createdAt: hoursAgo(99), name: 'fedora-i44' },
        ...{ snapshotIds: [], tags: ourImageTags },
      },
    ],
  });
  const unlaunched = { LaunchTemplateName: 'web', LaunchTemplateData: { InstanceType: 't3.micro' as const } };
  await account.ec2.send(new CreateLaunchTemplateCommand(unlaunched));
  await account.ec2.send(
    new ModifyImageAttributeCommand({
      ImageId: id('ami', 1),
      LaunchPermission: { Add: [{ UserId: '123456789012' }] },
    }),
  );
  await account.aged(100, leftovers);
  await account.aged(98, () => startTestInstance(account, id('ami', 4)));
  await startStalledImport(account);
  begin();
  const apply = ['janitor', '--bucket', bucket, '--superseded', '--apply', '--yes'];
  const ends = [await account.run(...apply)];
  await account.s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await account.aged(100, leftovers);
  // Disabled so far: what comes into use now is enabled again, for whom it was there before.
  account.seed({ fleets: [{ imageIds: [id('ami', 1)] }] });
  ends.push(await account.run(...apply), await account.runEverywhere('janitor'));
  // Failed ones go at once.
  account.seed({
    images: [{ createdAt, name: 'fedora-i42', snapshotIds: [], state: 'failed', tags: ourImageTags }],
  });
  return [...ends, await account.run(...apply)];
}

/** Retires the oldest of a stream, and enables again what has come into use meanwhile. */
async function retireEverything(account: JanitorAccount, begin = () => {}): Promise<Ended[]> {
  const createdAt = hoursAgo(100);
  const pair = (number: number) => ({
    id: id('ami', number),
    name: `fedora-i${number}`,
    tags: { ...ourImageTags, 'ec2-image:proof': 'full' },
  });
  account.seed({
    snapshots: [2, 3].map((number) => ({
      id: id('snap', number),
      createdAt,
      description: imported,
      tags: ourTags,
      createVolumePermissions: ['210987654321'],
    })),
    images: [
      { ...pair(1), createdAt: hoursAgo(50), snapshotIds: [] },
      { ...pair(2), createdAt, snapshotIds: [id('snap', 2)] },
      { ...pair(3), createdAt, snapshotIds: [id('snap', 3)] },
    ],
  });
  const unlaunched = { LaunchTemplateName: 'web', LaunchTemplateData: { InstanceType: 't3.micro' as const } };
  await account.ec2.send(new CreateLaunchTemplateCommand(unlaunched));
  begin();
  const args = ['retire', 'fedora', '--retain', '{"count": 1, "grace": 0}', '--apply', '--yes'];
  const shared = ['--share', '{"accounts": ["333333333333"]}'];
  const ends = [await account.run(...args, ...shared)];
  await account.aged(-1, async () => {
    ends.push(await account.run(...args, ...shared));
    account.seed({ fleets: [{ imageIds: [id('ami', 3)] }] });
    ends.push(await account.run(...args, ...shared), await account.runEverywhere(...args));
  });
  return ends;
}

/** Shows what is unfinished: in all regions, and in a bucket that has versions. */
async function showUnfinished(account: JanitorAccount, begin = () => {}): Promise<Ended[]> {
  account.seed(untagged);
  await account.putObject(3);
  await account.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
  begin();
  const ends = [await account.runEverywhere('status', '--bucket', bucket)];
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await account.s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  await account.s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'a disk', Metadata: metadataOf(ourTags) }),
  );
  return [...ends, await account.run('status', '--bucket', bucket)];
}

async function listEverything(account: JanitorAccount, begin = () => {}): Promise<Ended[]> {
  account.seed(untagged);
  begin();
  return [await account.run('list', '--bucket', bucket), await account.runEverywhere('list')];
}

/** One AMI, all that lack tags, and those of every region. */
async function addTags(account: JanitorAccount, begin = () => {}): Promise<Ended[]> {
  account.seed(untagged);
  begin();
  return [
    await account.run('tag-fix', id('ami', 1), '--bucket', bucket),
    await account.run('tag-fix', '--bucket', bucket),
    await account.runEverywhere('tag-fix'),
  ];
}

export const wholeUses = {
  janitor: sweepEverything,
  retire: retireEverything,
  status: showUnfinished,
  list: listEverything,
  'tag-fix': addTags,
} satisfies Readonly<Record<string, WholeUse>>;
