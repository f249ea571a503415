import { execa } from 'execa';
import { accountId, expect, type TestAccount } from '../support/account.ts';
import { testWithDisk } from './imports.ts';

/**
 * The aws command of the machine (Debian's is of version 2, others install version 1): other code than the SDK of the
 * other tests. What it shows of an AMI differs from version to version, so these tests ask for some of it.
 */
const test = testWithDisk({ ec2: { importTaskMs: 100 } });

function aws(account: TestAccount, ...command: string[]) {
  return execa('aws', ['--endpoint-url', account.aws.url, '--output', 'json', ...command], {
    extendEnv: false,
    env: {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    },
    reject: false,
  });
}

async function answer(account: TestAccount, ...command: string[]) {
  const { stdout, stderr, exitCode } = await aws(account, ...command);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return stdout === '' ? undefined : JSON.parse(stdout);
}

test('imports a snapshot, waits for it, registers an AMI of it and describes that', async ({ account }) => {
  const container = 'Format=RAW,UserBucket={S3Bucket=disks,S3Key=disk.raw}';
  const task = await answer(
    account,
    'ec2',
    'import-snapshot',
    '--description',
    'd',
    '--disk-container',
    container,
  );
  expect(task).toEqual({
    Description: 'd',
    ImportTaskId: expect.stringMatching(/^import-snap-/),
    SnapshotTaskDetail: {
      DiskImageSize: 0,
      Format: 'RAW',
      Progress: '0',
      SnapshotId: '',
      Status: 'active',
      StatusMessage: 'pending',
      UserBucket: { S3Bucket: 'disks', S3Key: 'disk.raw' },
    },
    Tags: [],
  });
  const detail = async () => {
    const tasks = await answer(
      account,
      ...['ec2', 'describe-import-snapshot-tasks', '--import-task-ids', task.ImportTaskId],
    );
    return tasks.ImportSnapshotTasks[0].SnapshotTaskDetail;
  };
  await expect.poll(async () => (await detail()).Status, { timeout: 20_000 }).toBe('completed');
  const { SnapshotId } = await detail();
  const mapping = [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId, VolumeType: 'gp3' } }];
  const { ImageId } = await answer(
    account,
    ...['ec2', 'register-image', '--name', 'by hand', '--architecture', 'x86_64'],
    ...['--virtualization-type', 'hvm', '--ena-support', '--root-device-name', '/dev/sda1'],
    ...['--block-device-mappings', JSON.stringify(mapping)],
  );
  await answer(
    account,
    'ec2',
    'create-tags',
    '--resources',
    ImageId,
    SnapshotId,
    '--tags',
    'Key=Name,Value=by hand',
  );
  const { Images } = await answer(
    account,
    'ec2',
    'describe-images',
    '--owners',
    'self',
    '--image-ids',
    ImageId,
  );
  expect(Images).toMatchObject([
    {
      Architecture: 'x86_64',
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/sda1',
          Ebs: { DeleteOnTermination: true, Encrypted: false, SnapshotId, VolumeSize: 1, VolumeType: 'gp3' },
        },
      ],
      CreationDate: expect.any(String),
      EnaSupport: true,
      Hypervisor: 'xen',
      ImageId,
      ImageLocation: `${accountId}/by hand`,
      ImageType: 'machine',
      Name: 'by hand',
      OwnerId: accountId,
      PlatformDetails: 'Linux/UNIX',
      Public: false,
      RootDeviceName: '/dev/sda1',
      RootDeviceType: 'ebs',
      State: 'available',
      Tags: [{ Key: 'Name', Value: 'by hand' }],
      UsageOperation: 'RunInstances',
      VirtualizationType: 'hvm',
    },
  ]);
});

test('shows a refusal in the words it came in', async ({ account }) => {
  const { exitCode, stderr } = await aws(
    account,
    'ec2',
    'delete-snapshot',
    '--snapshot-id',
    'snap-0123456789abcdef0',
  );
  expect([254, 255], 'the second before version 2').toContain(exitCode);
  expect(stderr.trim()).toBe(
    "An error occurred (InvalidSnapshot.NotFound) when calling the DeleteSnapshot operation: The snapshot 'snap-0123456789abcdef0' does not exist.",
  );
});
