import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  type DescribeSnapshotsCommandInput,
  paginateDescribeSnapshots,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import {
  accountId,
  describe,
  expect,
  openAccount,
  refusal,
  type TestAccount,
  testWith,
} from '../support/account.ts';

const createdAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const test = testWith({}, ({ directory }) => {
  seedEc2({
    directory,
    snapshots: [
      {
        id: id(1),
        createdAt,
        description: 'one',
        volumeSizeGiB: 4,
        fullSizeBytes: 1024 * 512 * 1024,
        tags: { Name: 'first', 'a:b': 'c' },
      },
      { id: id(2), createdAt, state: 'pending' },
      { id: id(3), createdAt, state: 'error', description: 'three' },
      { id: id(4), createdAt, createVolumePermissions: ['all', '111122223333'], tags: { Name: 'fourth' } },
    ],
  });
  seedEc2({ directory, region: 'eu-west-1', snapshots: [{ id: id(99) }] });
});
const id = (n: number) => `snap-${n.toString(16).padStart(17, '0')}`;

async function ids(account: TestAccount, input: DescribeSnapshotsCommandInput): Promise<string[]> {
  const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand(input));
  return Snapshots!.map(({ SnapshotId }) => SnapshotId!);
}

describe('DescribeSnapshots', () => {
  test('shows every field that EC2 has of a completed snapshot', async ({ account }) => {
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id(1)] }));
    expect(Snapshots).toEqual([
      {
        SnapshotId: id(1),
        VolumeId: 'vol-ffffffff',
        State: 'completed',
        StartTime: new Date(createdAt),
        CompletionTime: new Date(createdAt),
        Progress: '100%',
        OwnerId: accountId,
        VolumeSize: 4,
        FullSnapshotSizeInBytes: 536_870_912,
        Description: 'one',
        Encrypted: false,
        StorageTier: 'standard',
        TransferType: 'standard',
        Tags: [
          { Key: 'Name', Value: 'first' },
          { Key: 'a:b', Value: 'c' },
        ],
      },
    ]);
  });

  test('shows of a pending one what there is', async ({ account }) => {
    const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id(2)] }));
    expect(Snapshots![0]).toMatchObject({ State: 'pending', Progress: '0%', Description: '' });
    expect(Snapshots![0]).not.toHaveProperty('CompletionTime');
    expect(Snapshots![0]).not.toHaveProperty('Tags');
  });

  test.for([
    [{}, [1, 2, 3, 4]],
    [{ OwnerIds: ['self'] }, [1, 2, 3, 4]],
    [{ OwnerIds: [accountId] }, [1, 2, 3, 4]],
    [{ OwnerIds: ['amazon'] }, []],
    [{ RestorableByUserIds: ['all'] }, [4]],
    [{ RestorableByUserIds: ['111122223333'] }, [4]],
    [{ RestorableByUserIds: ['self'] }, [1, 2, 3, 4]],
    [{ Filters: [{ Name: 'tag:Name', Values: ['f*th'] }] }, [4]],
    [{ Filters: [{ Name: 'tag:Name', Values: ['first'] }] }, [1]],
    [{ Filters: [{ Name: 'tag-key', Values: ['Name'] }] }, [1, 4]],
    [{ Filters: [{ Name: 'status', Values: ['pending', 'error'] }] }, [2, 3]],
    [{ Filters: [{ Name: 'volume-size', Values: ['4'] }] }, [1]],
    [{ Filters: [{ Name: 'description', Values: ['thr??'] }] }, [3]],
    [{ Filters: [{ Name: 'owner-id', Values: [accountId] }], SnapshotIds: [id(2)] }, [2]],
    [{ Filters: [{ Name: 'start-time', Values: ['2026-01-02T*'] }] }, [1, 2, 3, 4]],
    [{ Filters: [{ Name: 'progress', Values: ['100%'] }] }, [1, 4]],
  ] as [DescribeSnapshotsCommandInput, number[]][])('%j', async ([input, expected], { account }) => {
    expect(await ids(account, input)).toEqual(expected.map(id));
  });

  test.for([
    [
      { SnapshotIds: [id(1), id(50)] },
      'InvalidSnapshot.NotFound',
      `The snapshot '${id(50)}' does not exist.`,
    ],
    [{ SnapshotIds: [id(99)] }, 'InvalidSnapshot.NotFound', `The snapshot '${id(99)}' does not exist.`],
    [
      { SnapshotIds: ['vol-1'] },
      'InvalidParameterValue',
      "Value (vol-1) for parameter snapshotId is invalid. Expected: 'snap-...'.",
    ],
    [{ SnapshotIds: ['snap-xyz'] }, 'InvalidSnapshotID.Malformed', /snap-xyz/],
    [{ OwnerIds: ['me'] }, 'InvalidUserID.Malformed', 'Invalid user id: "me"'],
    [{ MaxResults: 4 }, 'InvalidParameterValue', /maxResults/],
    [{ NextToken: 'never given' }, 'InvalidParameterValue', /token/],
    [
      { Filters: [{ Name: 'colour', Values: ['red'] }] },
      'InvalidParameterValue',
      "The filter 'colour' is invalid",
    ],
    [{ DryRun: true }, 'DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412],
  ] as [DescribeSnapshotsCommandInput, string, string | RegExp, number?][])(
    'refuses %j',
    async ([input, code, message, status], { account }) => {
      await expect(ids(account, input)).rejects.toEqual(refusal(code, message, status));
    },
  );
});

test('pages through many, and through those that a filter leaves', async () => {
  await using other = await openAccount();
  const all = Array.from({ length: 2345 }, (_, n) => id(n));
  seedEc2({
    directory: other.directory,
    snapshots: all.map((snapshotId, n) => ({
      id: snapshotId,
      description: n % 10 === 0 ? 'tenth' : 'other',
    })),
  });
  const pages = async (filters: DescribeSnapshotsCommandInput) => {
    const found: string[][] = [];
    for await (const { Snapshots } of paginateDescribeSnapshots(
      { client: other.ec2, pageSize: 100 },
      { OwnerIds: ['self'], ...filters },
    )) {
      found.push(Snapshots!.map(({ SnapshotId }) => SnapshotId!));
    }
    return found;
  };
  const found = await pages({});
  expect(found.map(({ length }) => length)).toEqual([...Array(23).fill(100), 45]);
  expect(found.flat()).toEqual(all);
  const tenths = await pages({ Filters: [{ Name: 'description', Values: ['tenth'] }] });
  expect(tenths.flat()).toEqual(all.filter((_, n) => n % 10 === 0));
  // Not paged, the answer is a stream.
  const { Snapshots } = await other.ec2.send(new DescribeSnapshotsCommand({}));
  expect(Snapshots!.map(({ SnapshotId }) => SnapshotId)).toEqual(all);
});

describe('DeleteSnapshot', () => {
  test('removes the snapshot with its bytes, once', async ({ account }) => {
    const file = join(account.directory, 'snapshots', `${id(3)}.raw`);
    await writeFile(file, 'bytes');
    await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: id(3) }));
    expect(existsSync(file)).toBe(false);
    expect(await ids(account, { Filters: [{ Name: 'snapshot-id', Values: [id(3)] }] })).toEqual([]);
    await expect(account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: id(3) }))).rejects.toEqual(
      refusal('InvalidSnapshot.NotFound', `The snapshot '${id(3)}' does not exist.`),
    );
  });

  test('keeps one that an AMI uses', async ({ account }) => {
    seedEc2({
      directory: account.directory,
      images: [{ id: 'ami-00000000000000001', name: 'user', snapshotIds: [id(1)] }],
    });
    await expect(account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: id(1) }))).rejects.toEqual(
      refusal('InvalidSnapshot.InUse', `The snapshot ${id(1)} is currently in use by ami-00000000000000001`),
    );
  });
});
