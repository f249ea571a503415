import {
  DeleteSnapshotCommand,
  DescribeLockedSnapshotsCommand,
  DescribeSnapshotAttributeCommand,
  LockSnapshotCommand,
  type LockSnapshotCommandInput,
  ModifySnapshotAttributeCommand,
  UnlockSnapshotCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { type Account, accountId, openAccount, refusal } from './account.ts';

let account: Account;
let time = Date.now();
let next = 0;
let SnapshotId: string;
const hour = 3_600_000;

beforeAll(async () => {
  account = await openAccount({ now: () => time });
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(() => {
  next += 1;
  SnapshotId = `snap-${next.toString(16).padStart(17, '0')}`;
  seedEc2({ directory: account.directory, snapshots: [{ id: SnapshotId, createdAt: time - hour }] });
});

it('a snapshot is shared and unshared', async () => {
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
  const lock = (given: Omit<LockSnapshotCommandInput, 'SnapshotId'>) =>
    account.ec2.send(new LockSnapshotCommand({ SnapshotId, ...given }));
  const locks = async (given = {}) =>
    (await account.ec2.send(new DescribeLockedSnapshotsCommand(given))).Snapshots!;
  const remove = () => account.ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
  const unlock = () => account.ec2.send(new UnlockSnapshotCommand({ SnapshotId }));

  it('in governance mode keeps the snapshot until it is unlocked', async () => {
    expect(await lock({ LockMode: 'governance', LockDuration: 2 })).toMatchObject({
      SnapshotId,
      LockState: 'governance',
      LockDuration: 2,
      LockCreatedOn: new Date(time),
      LockExpiresOn: new Date(time + 48 * hour),
    });
    expect(await locks({ SnapshotIds: [SnapshotId] })).toMatchObject([
      { SnapshotId, OwnerId: accountId, LockState: 'governance' },
    ]);
    await expect(remove()).rejects.toEqual(refusal('SnapshotLocked', /locked/));
    await unlock();
    expect(await locks({ SnapshotIds: [SnapshotId] })).toEqual([]);
    await remove();
  });

  it('expires', async () => {
    await lock({ LockMode: 'governance', ExpirationDate: new Date(time + 30 * hour) });
    time += 31 * hour;
    expect(await locks({ SnapshotIds: [SnapshotId] })).toMatchObject([
      { LockState: 'expired', LockDuration: 2 },
    ]);
    expect(await locks({ Filters: [{ Name: 'lock-state', Values: ['governance'] }] })).toEqual([]);
    await remove();
  });

  it('in compliance mode can be undone only while it cools off', async () => {
    await lock({ LockMode: 'compliance', LockDuration: 1, CoolOffPeriod: 2 });
    expect(await locks({ SnapshotIds: [SnapshotId] })).toMatchObject([
      {
        LockState: 'compliance-cooloff',
        CoolOffPeriod: 2,
        CoolOffPeriodExpiresOn: new Date(time + 2 * hour),
      },
    ]);
    await unlock();
    await lock({ LockMode: 'compliance', LockDuration: 1, CoolOffPeriod: 2 });
    time += 3 * hour;
    await expect(unlock()).rejects.toEqual(refusal('OperationNotPermitted'));
    await expect(lock({ LockMode: 'governance', LockDuration: 9 })).rejects.toEqual(
      refusal('OperationNotPermitted'),
    );
    expect(await lock({ LockMode: 'compliance', LockDuration: 9 })).toMatchObject({
      LockState: 'compliance',
    });
  });

  it.each([
    [{ LockMode: 'governance' }, 'InvalidParameterCombination', /LockDuration/],
    [
      { LockMode: 'governance', LockDuration: 1, ExpirationDate: new Date() },
      'InvalidParameterCombination',
      /LockDuration/,
    ],
    [{ LockMode: 'governance', LockDuration: 1, CoolOffPeriod: 1 }, 'InvalidParameterCombination', /CoolOff/],
    [{ LockMode: 'governance', LockDuration: 36_501 }, 'InvalidParameterValue', /36500/],
  ] as [LockSnapshotCommandInput, string, RegExp][])('refuses %j', async (given, code, message) => {
    await expect(lock(given)).rejects.toEqual(refusal(code, message));
  });

  it('that is not there cannot be undone', async () => {
    await expect(unlock()).rejects.toEqual(refusal('SnapshotLock.NotFound'));
  });
});
