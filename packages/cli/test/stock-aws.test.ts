import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exampleCredentials } from '@ec2-image/local-aws';
import { execa } from 'execa';
import { bucket, region } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import { areEqualDisks } from './support/import.ts';

/** The JSON that the stock command prints, undefined where it prints nothing. */
type StockAws = <T>(...args: string[]) => Promise<T>;

const test = testWith({
  disk: { sizeBytes: 16 * 2 ** 20, dataBytes: 2 * 2 ** 20 },
  // Calm: the stock command does not wait for what EC2 shows late.
  account: {
    conditions: 'calm',
    ec2: { importTaskMs: 100, snapshotCompletionMs: 20, imageCreationMs: 20 },
  },
}).extend(
  'aws',
  ({ account }): StockAws =>
    async <T>(...args: string[]) => {
      const { stdout } = await execa(
        'aws',
        ['--endpoint-url', account.aws.url, '--output', 'json', ...args],
        {
          env: {
            AWS_ACCESS_KEY_ID: exampleCredentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: exampleCredentials.secretAccessKey,
            AWS_DEFAULT_REGION: region,
            AWS_CONFIG_FILE: '/dev/null',
            AWS_PAGER: '',
          },
        },
      );
      return (stdout.trim() === '' ? undefined : JSON.parse(stdout)) as T;
    },
);

type Json = Record<string, unknown>;

/** What cannot be the same twice, and what only this tool adds. */
function comparable(image: Json, own: { readonly snapshotId: string; readonly name: string }): Json {
  const text = JSON.stringify(image).replaceAll(own.snapshotId, 'SNAPSHOT').replaceAll(own.name, 'NAME');
  const { ImageId, CreationDate, Tags, ...rest } = JSON.parse(text) as Json;
  return { ...rest, ImageId: typeof ImageId, CreationDate: typeof CreationDate, Tags: Array.isArray(Tags) };
}

test('an AMI made by hand with the stock aws command has the same description as one created by ec2-image', async ({
  account,
  aws,
  images,
  runImport,
  workDirectory,
}) => {
  const disk = join(workDirectory, 'disk.vhdx');
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'vhdx', images.disk, disk]);
  await aws('s3', 'cp', '--quiet', disk, `s3://${bucket}/by-hand.vhdx`);
  const { ImportTaskId } = await aws<{ ImportTaskId: string }>(
    ...[
      'ec2',
      'import-snapshot',
      '--disk-container',
      `Format=VHDX,UserBucket={S3Bucket=${bucket},S3Key=by-hand.vhdx}`,
    ],
  );
  let snapshotId = '';
  for (let tries = 0; snapshotId === '' && tries < 100; tries++) {
    const { ImportSnapshotTasks } = await aws<{ ImportSnapshotTasks: { SnapshotTaskDetail: Json }[] }>(
      ...['ec2', 'describe-import-snapshot-tasks', '--import-task-ids', ImportTaskId],
    );
    const { Status, SnapshotId } = ImportSnapshotTasks[0]!.SnapshotTaskDetail as {
      Status: string;
      SnapshotId?: string;
    };
    if (Status === 'completed') snapshotId = SnapshotId!;
    else await delay(50);
  }
  await aws('ec2', 'wait', 'snapshot-completed', '--snapshot-ids', snapshotId);
  const { ImageId } = await aws<{ ImageId: string }>(
    ...[
      'ec2',
      'register-image',
      '--name',
      'by-hand',
      '--architecture',
      'x86_64',
      '--virtualization-type',
      'hvm',
    ],
    ...['--ena-support', '--root-device-name', '/dev/sda1', '--block-device-mappings'],
    `DeviceName=/dev/sda1,Ebs={SnapshotId=${snapshotId},VolumeSize=1,VolumeType=gp3,DeleteOnTermination=true}`,
  );
  await aws('ec2', 'create-tags', '--resources', ImageId, '--tags', 'Key=Name,Value=by-hand');
  await aws('ec2', 'wait', 'image-available', '--image-ids', ImageId);

  const { result: ours } = await runImport({ suffix: 'ours', 'boot-mode': 'none' });
  const { Images } = await aws<{ Images: Json[] }>(
    'ec2',
    'describe-images',
    '--image-ids',
    ImageId,
    ours.imageId!,
  );
  const byHand = Images.find((image) => image.ImageId === ImageId)!;
  const byUs = Images.find((image) => image.ImageId === ours.imageId)!;
  expect(comparable(byUs, { snapshotId: ours.snapshotId!, name: 'test-cloud-iours' })).toEqual(
    comparable(byHand, { snapshotId, name: 'by-hand' }),
  );
  expect(await areEqualDisks(account.snapshotPath(snapshotId), account.snapshotPath(ours.snapshotId!))).toBe(
    true,
  );
});
