import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateTagsCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  ImportSnapshotCommand,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import type { TestAccount } from './account.ts';

/** As a Makefile with qemu-img and aws does it: object at the bucket's root, a root volume of 10 GiB, two tags on the AMI. */
export async function importByHand(
  { ec2, s3 }: TestAccount,
  {
    disk,
    directory,
    bucket,
    name,
    suffix,
  }: {
    /** Raw. */
    readonly disk: string;
    /** For what is converted. */
    readonly directory: string;
    readonly bucket: string;
    readonly name: string;
    readonly suffix: string;
  },
): Promise<string> {
  const vhdx = join(directory, 'disk.vhdx');
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'vhdx', disk, vhdx]);
  const key = `${name}-${suffix}.vhdx`;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: await readFile(vhdx) }));
  const UserBucket = { S3Bucket: bucket, S3Key: key };
  const { ImportTaskId } = await ec2.send(
    new ImportSnapshotCommand({ DiskContainer: { Format: 'VHDX', UserBucket } }),
  );
  const snapshotId = await importedSnapshot(ec2, ImportTaskId!);
  const Name = `${name}-i${suffix}`;
  const { ImageId } = await ec2.send(
    new RegisterImageCommand({
      Name,
      VirtualizationType: 'hvm',
      Architecture: 'x86_64',
      EnaSupport: true,
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/sda1',
          Ebs: { DeleteOnTermination: true, SnapshotId: snapshotId, VolumeSize: 10, VolumeType: 'gp2' },
        },
      ],
    }),
  );
  await ec2.send(
    new CreateTagsCommand({
      Resources: [ImageId!],
      Tags: [
        { Key: 'Name', Value: Name },
        { Key: 'automation', Value: 'false' },
      ],
    }),
  );
  return ImageId!;
}

/** A task that is completed does not say that its snapshot is. */
async function importedSnapshot(ec2: TestAccount['ec2'], taskId: string): Promise<string> {
  for (;;) {
    const { ImportSnapshotTasks } = await ec2.send(
      new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [taskId] }),
    );
    const { Status = '', StatusMessage, SnapshotId } = ImportSnapshotTasks![0]!.SnapshotTaskDetail!;
    if (!/^(pending|active|completed)$/.test(Status)) throw new Error(`${Status}: ${StatusMessage}`);
    if (Status === 'completed') {
      const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId!] }));
      if (Snapshots![0]!.State === 'completed') return SnapshotId!;
    }
    await delay(20);
  }
}
