import {
  DeleteSnapshotCommand,
  DescribeLockedSnapshotsCommand,
  DescribeSnapshotAttributeCommand,
  LockSnapshotCommand,
  type LockSnapshotCommandInput,
  ModifySnapshotAttributeCommand,
  UnlockSnapshotCommand,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { accountId, describe, expect, refusal, type TestAccount, testWith } from '../support/account.ts';

let time = Date.now();
let next = 0;
const hour = 3_600_000;

const test = testWith({ now: () => time }).extend('SnapshotId', ({ account }) => {
  next += 1;
  const id = `snap-${next.toString(16).padStart(17, '0')}`;
  seedEc2({ directory: account.directory, snapshots: [{ id, createdAt: time - hour }] });
  return id;
});

test('a snapshot is shared and unshared', async ({ account, SnapshotId }) => {
  const permissions = async () => {
    const command = new DescribeSnapshotAttributeCommand({ SnapshotId, Attribute: 'createVolumePermission' });
    const answer = await account.ec2.send(command);
    expect(answer.SnapshotId).toBe(SnapshotId);
    return answer.CreateVolumePermissions;
  };
  expect(await permissions()).toEqual([]);
  await account.ec2.send(
    new ModifySnapshotAttributeCommand({
      SnapshotId,
      CreateVolumePermission: { Add: [{ UserId: '111122223333' }, { Group: 'all' }] },
    }),
  );
  expect(await permissions()).toEqual([{ UserId: '111122223333' }, { Group: 'all' }]);
  await account.ec2.send(
    new ModifySnapshotAttributeCommand({
      SnapshotId,
      Attribute: 'createVolumePermission',
      OperationType: 'remove',
      GroupNames: ['all'],
    }),
  );
  expect(await permissions()).toEqual([{ UserId: '111122223333' }]);
  await expect(account.ec2.send(new ModifySnapshotAttributeCommand({ SnapshotId }))).rejects.toEqual(
    refusal('InvalidParameterCombination'),
  );
});

describe('a lock', () => {
  const lock = (
    account: TestAccount,
    SnapshotId: string,
    given: Omit<LockSnapshotCommandInput, 'SnapshotId'>,
  ) => account.ec2.send(new LockSnapshotCommand({ SnapshotId, ...given }));
  const locks = async (account: TestAccount, given = {}) =>
    (await account.ec2.send(new DescribeLockedSnapshotsCommand(given))).Snapshots!;
  const remove = (account: TestAccount, SnapshotId: string) =>
    account.ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
  const unlock = (account: TestAccount, SnapshotId: string) =>
    account.ec2.send(new UnlockSnapshotCommand({ SnapshotId }));

  test('in governance mode keeps the snapshot until it is unlocked', async ({ account, SnapshotId }) => {
    expect(await lock(account, SnapshotId, { LockMode: 'governance', LockDuration: 2 })).toMatchObject({
      SnapshotId,
      LockState: 'governance',
      LockDuration: 2,
      LockCreatedOn: new Date(time),
      LockExpiresOn: new Date(time + 48 * hour),
    });
    expect(await locks(account, { SnapshotIds: [SnapshotId] })).toMatchObject([
      { SnapshotId, OwnerId: accountId, LockState: 'governance' },
    ]);
    await expect(remove(account, SnapshotId)).rejects.toEqual(refusal('SnapshotLocked', /locked/));
    await unlock(account, SnapshotId);
    expect(await locks(account, { SnapshotIds: [SnapshotId] })).toEqual([]);
    await remove(account, SnapshotId);
  });

  test('expires', async ({ account, SnapshotId }) => {
    await lock(account, SnapshotId, { LockMode: 'governance', ExpirationDate: new Date(time + 30 * hour) });
    time += 31 * hour;
    expect(await locks(account, { SnapshotIds: [SnapshotId] })).toMatchObject([
      { LockState: 'expired', LockDuration: 2 },
    ]);
    expect(await locks(account, { Filters: [{ Name: 'lock-state', Values: ['governance'] }] })).toEqual([]);
    await remove(account, SnapshotId);
  });

  test('in compliance mode can be undone only while it cools off', async ({ account, SnapshotId }) => {
    await lock(account, SnapshotId, { LockMode: 'compliance', LockDuration: 1, CoolOffPeriod: 2 });
    expect(await locks(account, { SnapshotIds: [SnapshotId] })).toMatchObject([
      {
        LockState: 'compliance-cooloff',
        CoolOffPeriod: 2,
        CoolOffPeriodExpiresOn: new Date(time + 2 * hour),
      },
    ]);
    await unlock(account, SnapshotId);
    await lock(account, SnapshotId, { LockMode: 'compliance', LockDuration: 1, CoolOffPeriod: 2 });
    time += 3 * hour;
    await expect(unlock(account, SnapshotId)).rejects.toEqual(refusal('OperationNotPermitted'));
    await expect(lock(account, SnapshotId, { LockMode: 'governance', LockDuration: 9 })).rejects.toEqual(
      refusal('OperationNotPermitted'),
    );
    expect(await lock(account, SnapshotId, { LockMode: 'compliance', LockDuration: 9 })).toMatchObject({
      LockState: 'compliance',
    });
  });

  test.for([
    [{ LockMode: 'governance' }, 'InvalidParameterCombination', /LockDuration/],
    [
      { LockMode: 'governance', LockDuration: 1, ExpirationDate: new Date() },
      'InvalidParameterCombination',
      /LockDuration/,
    ],
    [{ LockMode: 'governance', LockDuration: 1, CoolOffPeriod: 1 }, 'InvalidParameterCombination', /CoolOff/],
    [{ LockMode: 'governance', LockDuration: 36_501 }, 'InvalidParameterValue', /36500/],
  ] as [LockSnapshotCommandInput, string, RegExp][])(
    'refuses %j',
    async ([given, code, message], { account, SnapshotId }) => {
      await expect(lock(account, SnapshotId, given)).rejects.toEqual(refusal(code, message));
    },
  );

  test('that is not there cannot be undone', async ({ account, SnapshotId }) => {
    await expect(unlock(account, SnapshotId)).rejects.toEqual(refusal('SnapshotLock.NotFound'));
  });
});
