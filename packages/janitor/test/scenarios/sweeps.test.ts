import { CreateTagsCommand, DeleteSnapshotCommand, EC2Client } from '@aws-sdk/client-ec2';
import { exampleCredentials } from '@ec2-image/local-aws';
import { expect } from 'vitest';
import {
  calmIt,
  it,
  type JanitorAccount,
  otherRegion,
  region,
  results,
  verdicts,
} from '../support/account.ts';
import { amiName, id, key, ourImageTags, ourTags, putObject } from '../support/resources.ts';

const ami = id('ami', 1);
const snaps = Array.from({ length: 60 }, (_, number) => id('snap', number));
const [snap, otherSnap] = snaps as [string, string];

let changes: () => string[];

const seedSnapshots = (account: JanitorAccount, ids: readonly string[], inRegion = region, hoursAgo = 100) =>
  account.seed({
    region: inRegion,
    snapshots: ids.map((snapshotId) => ({
      id: snapshotId,
      createdAt: account.hoursAgo(hoursAgo),
      tags: ourTags(),
    })),
  });

it('28: throttling in mid-page, passing: finishes', async ({ account }) => {
  const many = Array.from({ length: 2100 }, (_, number) => id('snap', number));
  seedSnapshots(account, many, region, 1);
  // The second page of three; what strikes it is gone when the SDK tries again.
  account.aws.faults.add({
    match: { operation: 'DescribeSnapshots' },
    nth: 2,
    times: 1,
    action: { kind: 'error', preset: 'throttling' },
  });
  const plan = await account.find();
  expect(plan.gaps).toEqual([]);
  expect(plan.resources).toHaveLength(2100);
});

it('28: throttling in mid-page, never ending: keeps everything that rests on the list', async ({
  account,
}) => {
  seedSnapshots(
    account,
    Array.from({ length: 1100 }, (_, number) => id('snap', number)),
  );
  await putObject(account, 100);
  account.aws.faults.add({
    match: { operation: 'DescribeSnapshots' },
    nth: 2,
    times: 'always',
    action: { kind: 'error', preset: 'throttling' },
  });
  changes = account.watch();
  const { plan, outcomes } = await account.clean();
  expect(plan.gaps).toMatchObject([
    { what: 'snapshots', region, detail: expect.stringContaining('RequestLimitExceeded') },
  ]);
  expect(plan.resources.filter(({ verdict }) => verdict === 'delete').map(({ kind }) => kind)).toEqual([
    'object',
  ]);
  expect(results(outcomes)).toEqual([`${key} deleted`]);
  expect(changes()).toEqual([`DeleteObject ${key}`]);
});

it('29: InUse after deregistering: retries, confirms', async ({ account }) => {
  account.seed({
    snapshots: [{ id: snap, createdAt: account.hoursAgo(100), tags: ourTags() }],
    images: [
      {
        id: ami,
        createdAt: account.hoursAgo(100),
        name: amiName,
        snapshotIds: [snap],
        tags: ourImageTags(),
        state: 'failed',
      },
    ],
  });
  account.aws.faults.add({
    match: { operation: 'DeleteSnapshot' },
    times: 4,
    action: { kind: 'error', status: 400, code: 'InvalidSnapshot.InUse', message: `in use by ${ami}` },
  });
  changes = account.watch();
  const { outcomes } = await account.clean();
  expect(results(outcomes)).toEqual([`${ami} deleted`, `${snap} deleted`]);
  expect(changes()).toEqual([`DeregisterImage ${ami}`, `DeleteSnapshot ${snap}`]);
  expect(account.calls('DeleteSnapshot').length).toBeGreaterThanOrEqual(5);
});

it('29: InUse that never ends: gives up, and says that it is still there', async ({ account }) => {
  seedSnapshots(account, [snap]);
  account.aws.faults.add({
    match: { operation: 'DeleteSnapshot' },
    times: 'always',
    action: { kind: 'error', status: 400, code: 'InvalidSnapshot.InUse', message: 'in use' },
  });
  const { outcomes } = await account.clean();
  expect(outcomes).toMatchObject([{ outcome: 'failed', detail: expect.stringContaining('gave up waiting') }]);
});

it('says "deleted" only once a read confirms it', async ({ account }) => {
  seedSnapshots(account, [snap]);
  // Describe calls go on showing it for a minute.
  account.aws.faults.add({ match: { operation: 'DeleteSnapshot' }, action: { kind: 'unseen', ms: 60_000 } });
  const before = account.now();
  const { outcomes } = await account.clean();
  expect(results(outcomes)).toEqual([`${snap} deleted`]);
  expect(account.now() - before).toBeGreaterThanOrEqual(60_000);
});

// Calm: the second call of one operation is held up.
calmIt(
  'an outage between a deletion and its confirmation: waits until EC2 answers again',
  async ({ account }) => {
    const snap = id('snap', 1);
    account.seed({ snapshots: [{ id: snap, createdAt: account.hoursAgo(100), tags: ourTags() }] });
    const plan = await account.find();
    account.aws.faults.add({
      match: { operation: 'DescribeSnapshots' },
      nth: 2,
      // More than the SDK's own attempts.
      times: 9,
      action: { kind: 'error', preset: 'throttling' },
    });
    const notices: string[] = [];
    const outcomes = await account.sweep(plan, { onNotice: (message) => notices.push(message) });
    expect(results(outcomes)).toEqual([`${snap} deleted`]);
    expect(notices.join('\n')).toMatch(/DescribeSnapshots: .*retrying/);
  },
);

it('what a failed call answered: in words that name the permission', async ({ account }) => {
  account.aws.faults.add({
    match: { operation: 'DescribeSnapshots' },
    times: 'always',
    action: { kind: 'error', preset: 'access-denied' },
  });
  const { gaps } = await account.find();
  expect(gaps).toMatchObject([
    { what: 'snapshots', detail: expect.stringContaining('may not call ec2:DescribeSnapshots') },
  ]);
});

it('30: a resource gone since the plan: success', async ({ account }) => {
  seedSnapshots(account, [snap, otherSnap]);
  const plan = await account.find();
  await account.observer.ec2.send(new DeleteSnapshotCommand({ SnapshotId: snap }));
  changes = account.watch();
  expect(results(await account.sweep(plan))).toEqual([`${snap} gone`, `${otherSnap} deleted`]);
  expect(changes()).toEqual([`DeleteSnapshot ${otherSnap}`]);
});

it('30: a resource newly protected since the plan: skipped with its reason', async ({ account }) => {
  seedSnapshots(account, [snap]);
  const plan = await account.find();
  await account.observer.ec2.send(
    new CreateTagsCommand({ Resources: [snap], Tags: [{ Key: 'permanent', Value: 'true' }] }),
  );
  changes = account.watch();
  expect(await account.sweep(plan)).toMatchObject([{ outcome: 'skipped', detail: 'tagged permanent=true' }]);
  expect(changes()).toEqual([]);
});

it('30: a resource that has come into use since the plan: skipped with its reason', async ({ account }) => {
  seedSnapshots(account, [snap]);
  const plan = await account.find();
  account.seed({ images: [{ id: ami, name: amiName, snapshotIds: [snap], tags: ourImageTags() }] });
  changes = account.watch();
  expect(await account.sweep(plan)).toMatchObject([{ outcome: 'skipped', detail: `used by ${ami}` }]);
  expect(changes()).toEqual([]);
});

it('31: a leftover that came after the plan: untouched', async ({ account }) => {
  seedSnapshots(account, [snap]);
  const plan = await account.find();
  seedSnapshots(account, [otherSnap]);
  changes = account.watch();
  expect(results(await account.sweep(plan))).toEqual([`${snap} deleted`]);
  expect(changes()).toEqual([`DeleteSnapshot ${snap}`]);
});

it('32: more than the cap: nothing deleted', async ({ account }) => {
  seedSnapshots(account, snaps.slice(0, 51));
  const plan = await account.find();
  changes = account.watch();
  await expect(account.sweep(plan)).rejects.toMatchObject({
    code: 'TOO_MANY_DELETES',
    deletes: 51,
    maxDeletes: 50,
  });
  expect(changes()).toEqual([]);
  expect(await account.sweep(plan, { maxDeletes: 51 })).toHaveLength(51);
});

it('33: one region of two failing: the other is done', async ({ account }) => {
  seedSnapshots(account, [snap]);
  seedSnapshots(account, [otherSnap], otherRegion);
  const unreachable = new EC2Client({
    region: otherRegion,
    endpoint: 'http://127.0.0.1:1',
    credentials: exampleCredentials,
    maxAttempts: 1,
  });
  changes = account.watch();
  const { plan, outcomes } = await account.clean(
    {},
    {
      regions: [region, otherRegion],
      clients: { ...account.clients, ec2: (r) => (r === otherRegion ? unreachable : account.ec2) },
    },
  );
  expect(plan.gaps.map(({ what, region: where }) => `${what} ${where}`).sort()).toEqual(
    ['instances', 'tasks', 'snapshots', 'images'].map((what) => `${what} ${otherRegion}`).sort(),
  );
  expect(results(outcomes)).toEqual([`${snap} deleted`]);
  expect(changes()).toEqual([`DeleteSnapshot ${snap}`]);
});

it('34: two janitors at once: both succeed', async ({ account }) => {
  seedSnapshots(account, snaps.slice(0, 20));
  await putObject(account, 100);
  const plan = await account.find();
  const [first, second] = await Promise.all([account.sweep(plan), account.sweep(plan)]);
  const all = [...first, ...second];
  expect(all).toHaveLength(42);
  expect(all.filter(({ outcome }) => outcome !== 'deleted' && outcome !== 'gone')).toEqual([]);
  expect((await account.find()).resources).toEqual([]);
});

it('34: AMIs that another janitor deregisters while they are examined: no failure, and nothing unread', async ({
  account,
}) => {
  const amis = [1, 2, 3].map((number) => id('ami', number));
  account.seed({
    images: amis.map((imageId, number) => ({
      id: imageId,
      createdAt: account.hoursAgo(100),
      name: `fedora-i${number}`,
      snapshotIds: [],
      tags: ourImageTags(`fedora-i${number}`),
      state: 'failed' as const,
    })),
  });
  const [gone, ...left] = amis;
  for (const operation of ['DescribeImageReferences', 'DescribeImageAttribute']) {
    account.aws.faults.add({
      match: {
        operation,
        parameters: { [operation === 'DescribeImageAttribute' ? 'ImageId' : 'ImageId.1']: gone! },
      },
      times: 'always',
      action: { kind: 'error', status: 400, code: 'InvalidAMIID.NotFound', message: 'does not exist' },
    });
  }
  const plan = await account.find();
  expect(plan.gaps).toEqual([]);
  expect(verdicts(plan)).toEqual(left.map((imageId) => `${imageId} delete`));
});

it('35: a janitor killed midway: a second run finishes', async ({ account }) => {
  account.seed({
    snapshots: snaps
      .slice(0, 6)
      .map((snapshotId) => ({ id: snapshotId, createdAt: account.hoursAgo(100), tags: ourTags() })),
    images: [
      {
        id: ami,
        createdAt: account.hoursAgo(100),
        name: amiName,
        snapshotIds: [snap],
        tags: ourImageTags(),
        state: 'failed',
      },
    ],
  });
  await putObject(account, 100);
  const killed = new AbortController();
  const plan = await account.find();
  const first = account.sweep(plan, {
    concurrency: 1,
    signal: killed.signal,
    onOutcome: ({ resource }) => resource.id === snaps[2] && killed.abort(new Error('killed')),
  });
  await expect(first).rejects.toThrow('killed');
  const left = await account.find();
  expect(verdicts(left)).toEqual([
    ...snaps.slice(3, 6).map((snapshotId) => `${snapshotId} delete`),
    `${key} delete`,
  ]);
  await account.sweep(left);
  expect((await account.find()).resources).toEqual([]);
});

it('43: a plan older than its expiry, or of another account: refuses it', async ({ account }) => {
  seedSnapshots(account, [snap]);
  const plan = await account.find();
  changes = account.watch();
  await expect(account.sweep({ ...plan, account: '210987654321' })).rejects.toMatchObject({
    code: 'PLAN_OF_ANOTHER_ACCOUNT',
  });
  await account.at(account.now() + 24 * 3_600_000, () =>
    expect(account.sweep(plan)).rejects.toMatchObject({ code: 'PLAN_EXPIRED' }),
  );
  expect(changes()).toEqual([]);
  expect(results(await account.sweep(plan))).toEqual([`${snap} deleted`]);
});

it('believes nothing of a plan but which resources and what policy', async ({ account }) => {
  account.seed({
    snapshots: [
      { id: snap, createdAt: account.hoursAgo(1), tags: ourTags() },
      { id: otherSnap, createdAt: account.hoursAgo(100) },
    ],
  });
  seedSnapshots(account, [snaps[2]!]);
  const plan = await account.find();
  const claimed = plan.resources.find(({ verdict }) => verdict === 'delete')!;
  const forged = {
    ...plan,
    resources: [snap, otherSnap].map((claimedId) => ({
      ...claimed,
      id: claimedId,
      ref: `${region}/${claimedId}`,
    })),
  };
  changes = account.watch();
  expect(await account.sweep(forged)).toMatchObject([
    { outcome: 'skipped', detail: expect.stringContaining('minimum age 24h') },
    { outcome: 'skipped', detail: 'no longer identifiable as created by ec2-image' },
  ]);
  expect(changes()).toEqual([]);
});
