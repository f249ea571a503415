import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, refusal } from '../support/account.ts';
import { bucket, type Disk, putObject } from './disks.ts';
import { ended, input, openAccountWith, start, taskOf, testWithDisk, workFiles } from './imports.ts';

const test = testWithDisk();

describe('an import fails', () => {
  const text = (extent: string) =>
    `# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 8 FLAT "${extent}" 0\n`;
  const unsupported = 'ClientError: Disk validation failed [Unsupported specified file format]';
  const unsupportedVmdk = 'ClientError: Disk validation failed [Unsupported VMDK File Format]';
  const damagedVhdx = 'ClientError: Disk validation failed [The VHDX disk is damaged]';
  const damaged = async (disk: Disk, offset: number) => {
    const bytes = Buffer.from(await disk.as('VHDX'));
    bytes[offset]! ^= 1;
    return bytes;
  };

  test.for([
    ['a VMDK under the name of VHDX', 'VHDX', (disk: Disk) => disk.as('VMDK'), unsupported],
    ['a raw disk under the name of VHD', 'VHD', (disk: Disk) => disk.as('RAW'), unsupported],
    ['a qcow2', 'VHDX', (disk: Disk) => disk.as(['-O', 'qcow2']), unsupported],
    ['a VMDK not stream-optimized', 'VMDK', (disk: Disk) => disk.as(['-O', 'vmdk']), unsupportedVmdk],
    ['a text VMDK naming a file', 'VMDK', async () => Buffer.from(text('/etc/passwd')), unsupportedVmdk],
    ['a cut VHDX', 'VHDX', async (disk: Disk) => (await disk.as('VHDX')).subarray(0, 100_000), unsupported],
    ['a VHDX with a damaged header copy', 'VHDX', (disk: Disk) => damaged(disk, 129 * 1024), damagedVhdx],
    [
      'a VHDX with a damaged region table copy',
      'VHDX',
      (disk: Disk) => damaged(disk, 257 * 1024),
      damagedVhdx,
    ],
    [
      'nothing',
      'RAW',
      async () => Buffer.alloc(0),
      'ClientError: Disk validation failed [The disk is empty]',
    ],
  ] as const)('on %s', async ([name, format, make, message], { account, disk }) => {
    await putObject(account.s3, name, await make(disk));
    const id = await start(account, input(name, format));
    expect(await ended(account, id)).toEqual({
      DiskImageSize: 0,
      Format: format,
      Status: 'deleted',
      StatusMessage: message,
      UserBucket: { S3Bucket: bucket, S3Key: name },
    });
    expect(workFiles(account)).toEqual([]);
  });

  test('not on anything RAW: EC2 does not inspect it', async ({ account }) => {
    await putObject(account.s3, 'page.html', '<html>not found</html>');
    const id = await start(account, input('page.html'));
    expect(await ended(account, id)).toMatchObject({ Status: 'completed' });
  });

  test('where the role may not read the object, or may not be assumed', async ({ disk }) => {
    await using other = await openAccountWith(disk);
    const iam = other.client(IAMClient);
    const RoleName = 'vmimport';
    await iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'vmimport',
        PolicyDocument: JSON.stringify({
          Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::another*' }],
        }),
      }),
    );
    expect(await ended(other, await start(other))).toMatchObject({
      Status: 'deleted',
      StatusMessage:
        'ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]',
    });
    const unassumable = refusal('InvalidParameter', /The service role vmimport provided does not exist/);
    await iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify({ Statement: [] }) }),
    );
    await expect(start(other)).rejects.toEqual(unassumable);
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'vmimport' }));
    await iam.send(new DeleteRoleCommand({ RoleName }));
    await expect(start(other)).rejects.toEqual(unassumable);
  });

  test('where its object is deleted or replaced meanwhile, by way of deleting', async ({ disk }) => {
    let time = Date.now();
    const importTaskMs = 100_000;
    await using slow = await openAccountWith(disk, { now: () => time, ec2: { importTaskMs } });
    for (const change of [
      () => slow.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'disk.raw' })),
      () => putObject(slow.s3, 'disk.raw', 'another'),
    ]) {
      await putObject(slow.s3, 'disk.raw', await disk.as('RAW'));
      const id = await start(slow);
      const detail = async () => (await taskOf(slow, id)).SnapshotTaskDetail!;
      time += importTaskMs / 2;
      await expect.poll(async () => (await detail()).Progress, { timeout: 10_000 }).toBe('85');
      await change();
      await expect.poll(async () => (await detail()).Status, { timeout: 10_000 }).toBe('deleting');
      const StatusMessage = 'ClientError: Disk validation failed [Invalid S3 source location]';
      expect(await detail()).toMatchObject({ StatusMessage, SnapshotId: '' });
      time += importTaskMs;
      expect(await ended(slow, id)).toMatchObject({ Status: 'deleted', StatusMessage });
    }
    const { Snapshots } = await slow.ec2.send(new DescribeSnapshotsCommand({}));
    expect(Snapshots).toEqual([]);
    expect(workFiles(slow)).toEqual([]);
  });
});
