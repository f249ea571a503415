import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeImageUsageReportsCommand,
  DescribeSnapshotAttributeCommand,
  EnableImageDeprecationCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '@ec2-image/local-aws';
import { disabledKey, formatStartedAt, provenanceKeys, retiredKey, tagRecord } from '@ec2-image/provenance';
import { describe, expect } from 'vitest';
import { findLeftovers, type Plan, planRetirement, type SweepOptions } from '../../src/index.ts';
import { defaultPolicy, type RetainedStream } from '../../src/policy.ts';
import { accountId, it, type JanitorAccount, prefix, region, results, verdicts } from '../support/account.ts';
import { id, ourImageTags, ourTags } from '../support/resources.ts';

const [newer, older] = [id('ami', 1), id('ami', 2)];
const [newerSnap, olderSnap] = [id('snap', 1), id('snap', 2)];
const other = '210987654321';
const dayMs = 24 * 3_600_000;
const stream = {
  name: 'fedora',
  count: 1,
  graceMs: dayMs,
  sharedByConfiguration: true,
} satisfies RetainedStream;

/** `ami-…1` pushes `ami-…2` out, which is shared, with its snapshot, and was deprecated four days ago, if at all. */
async function seedStream(account: JanitorAccount, deprecated = true): Promise<void> {
  const made = (number: number, hours: number) => {
    const createdAt = account.hoursAgo(hours);
    const started = { [provenanceKeys.startedAt]: formatStartedAt(new Date(createdAt)) };
    const [name, snapshot] = [`fedora-i${45 - number}`, id('snap', number)];
    account.seed({
      snapshots: [{ id: snapshot, createdAt, tags: { ...ourTags(name), ...started } }],
      images: [
        {
          id: id('ami', number),
          name,
          createdAt,
          snapshotIds: [snapshot],
          tags: { ...ourImageTags(name), ...started },
        },
      ],
    });
  };
  made(1, 100);
  made(2, 200);
  const { ec2 } = account.observer;
  if (deprecated) {
    const since = account.hoursAgo(96);
    await account.at(since, () =>
      ec2.send(new EnableImageDeprecationCommand({ ImageId: older, DeprecateAt: new Date(since + 600_000) })),
    );
  }
  const Add = [{ UserId: other }];
  await account.observer.ec2.send(
    new ModifyImageAttributeCommand({ ImageId: older, LaunchPermission: { Add } }),
  );
  await account.observer.ec2.send(
    new ModifySnapshotAttributeCommand({
      SnapshotId: olderSnap,
      Attribute: 'createVolumePermission',
      CreateVolumePermission: { Add },
    }),
  );
}

async function plan(account: JanitorAccount, fields: Partial<RetainedStream> = {}): Promise<Plan> {
  const policy = { ...defaultPolicy, retain: [{ ...stream, ...fields }] };
  const { clients, clock } = account;
  const scope = { account: accountId, regions: [region], buckets: [], prefixes: [prefix] };
  return planRetirement(await findLeftovers({ ...scope, clients, clock, policy }), policy);
}

async function retire(
  account: JanitorAccount,
  fields: Partial<RetainedStream> = {},
  options: Partial<SweepOptions> = {},
): Promise<string[]> {
  return results(await account.sweep(await plan(account, fields), options));
}

async function imageNow(account: JanitorAccount) {
  const { ec2 } = account.observer;
  const { Images } = await ec2.send(
    new DescribeImagesCommand({
      Owners: ['self'],
      IncludeDisabled: true,
      IncludeDeprecated: true,
      ImageIds: [older],
    }),
  );
  const { LaunchPermissions } = await ec2.send(
    new DescribeImageAttributeCommand({ ImageId: older, Attribute: 'launchPermission' }),
  );
  const { CreateVolumePermissions } = await ec2.send(
    new DescribeSnapshotAttributeCommand({ SnapshotId: olderSnap, Attribute: 'createVolumePermission' }),
  );
  return {
    state: Images![0]!.State,
    deprecatesAt: Images![0]!.DeprecationTime,
    tags: tagRecord(Images![0]!.Tags),
    launch: LaunchPermissions,
    volumes: CreateVolumePermissions,
  };
}

/** As the command has it: what the configuration says, the snapshot first. */
const restoreSharing =
  (account: JanitorAccount, signal?: AbortSignal): SweepOptions['restoreSharing'] =>
  async ({ imageId }) => {
    const ec2 = account.clients.ec2(region);
    const Add = [{ UserId: '333333333333' }];
    await ec2.send(
      new ModifySnapshotAttributeCommand({
        SnapshotId: olderSnap,
        Attribute: 'createVolumePermission',
        CreateVolumePermission: { Add },
      }),
    );
    signal?.throwIfAborted();
    await ec2.send(new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: { Add } }));
  };

describe('an AMI that is retained no more', () => {
  it('is deprecated, keeps its sharing for the grace, is disabled, and deregistered with its snapshot', async ({
    account,
  }) => {
    await seedStream(account, false);
    expect(await retire(account)).toEqual([`${older} deprecated`]);
    const deprecated = await imageNow(account);
    expect(deprecated).toMatchObject({ state: 'available', launch: [{ UserId: other }] });
    expect(Date.parse(deprecated.deprecatesAt!)).toBeLessThan(account.now() + 3 * 60_000);
    const changes = account.watch();
    expect(verdicts(await plan(account))).toEqual([`${newer} keep retained`, `${older} keep in-grace`]);
    expect(await retire(account)).toEqual([]);
    expect(changes()).toEqual([]);

    await account.at(account.now() + dayMs + 600_000, async () => {
      expect(await retire(account)).toEqual([`${older} disabled`]);
      expect(await imageNow(account)).toMatchObject({
        state: 'disabled',
        launch: [],
        volumes: [],
        tags: { [disabledKey]: expect.stringMatching(/^disabled \S+Z retired$/) },
      });
      expect(await retire(account)).toEqual([`${older} deleted`, `${olderSnap} deleted`]);
      expect(await retire(account)).toEqual([]);
      const { images, snapshots } = await account.contents();
      expect(images.map(({ ImageId }) => ImageId)).toEqual([newer]);
      expect(snapshots.map(({ SnapshotId }) => SnapshotId)).toEqual([newerSnap]);
    });
  });

  it('in use by then: is enabled again, and shared as the configuration says', async ({ account }) => {
    await seedStream(account);
    expect(await retire(account)).toEqual([`${older} disabled`]);
    account.seed({ fleets: [{ imageIds: [older] }] });
    const options = { restoreSharing: restoreSharing(account) };
    expect(await retire(account, {}, options)).toEqual([`${older} enabled`]);
    const now = await imageNow(account);
    expect(now).toMatchObject({ state: 'available', launch: [{ UserId: '333333333333' }] });
    expect(now.tags).not.toHaveProperty([disabledKey]);
    expect(verdicts(await plan(account))).toContain(`${older} keep in-use`);
  });

  it('without a share in the configuration: is noted for whom it was, and enabled for them', async ({
    account,
  }) => {
    await seedStream(account);
    const noted = { sharedByConfiguration: false };
    await retire(account, noted);
    expect(await imageNow(account)).toMatchObject({ launch: [], volumes: [{ UserId: other }] });
    expect(await retire(account, { ...noted, count: 2 })).toEqual([`${older} enabled`]);
    expect(await imageNow(account)).toMatchObject({ state: 'available', launch: [{ UserId: other }] });
  });

  it('goes with its snapshot although that is still shared', async ({ account }) => {
    await seedStream(account);
    await retire(account, { sharedByConfiguration: false });
    expect(await retire(account, { sharedByConfiguration: false })).toEqual([
      `${older} deleted`,
      `${olderSnap} deleted`,
    ]);
  });

  it('in use between the plan and its turn: is skipped', async ({ account }) => {
    await seedStream(account);
    const planned = await plan(account);
    account.seed({ fleets: [{ imageIds: [older] }] });
    const changes = account.watch();
    expect(await account.sweep(planned)).toMatchObject([
      { outcome: 'skipped', detail: expect.stringMatching(/^used by fleet/) },
    ]);
    expect(changes()).toEqual([]);
  });

  it('is left to retire by the janitor', async ({ account }) => {
    await seedStream(account);
    await retire(account);
    const { plan: swept, outcomes } = await account.clean({ superseded: true });
    expect(verdicts(swept)).toContain(`${older} keep healthy`);
    expect(outcomes).toEqual([]);
  });
});

describe('use by other accounts', () => {
  const launchedThere = (account: JanitorAccount) =>
    seedEc2({
      directory: account.directory,
      accountId: other,
      instances: [{ imageId: older, createdAt: account.hoursAgo(100) }],
    });
  const used = `used by 1 × ec2:Instance in ${other}`;
  const failing = (account: JanitorAccount, code: string) =>
    account.aws.faults.add({
      match: { operation: 'CreateImageUsageReport' },
      times: 'always',
      action: { kind: 'error', status: code === 'UnauthorizedOperation' ? 403 : 400, code },
    });
  const reports = async ({ observer: { ec2 } }: JanitorAccount) =>
    (await ec2.send(new DescribeImageUsageReportsCommand({}))).ImageUsageReports;

  it('keeps an AMI, and no report is left', async ({ account }) => {
    await seedStream(account);
    launchedThere(account);
    expect(await account.sweep(await plan(account))).toMatchObject([{ outcome: 'skipped', detail: used }]);
    expect(await imageNow(account)).toMatchObject({ state: 'available', launch: [{ UserId: other }] });
    expect(await reports(account)).toEqual([]);
  });

  it('of the last day, which shows only once it is disabled: enables it again', async ({ account }) => {
    await seedStream(account);
    expect(await retire(account)).toEqual([`${older} disabled`]);
    launchedThere(account);
    expect(await account.sweep(await plan(account))).toMatchObject([
      { outcome: 'enabled', detail: used },
      { resource: { id: olderSnap }, outcome: 'skipped' },
    ]);
    expect(await imageNow(account)).toMatchObject({ state: 'available' });
  });

  it('that may not be asked for: changes nothing', async ({ account }) => {
    await seedStream(account);
    failing(account, 'UnauthorizedOperation');
    expect(await account.sweep(await plan(account))).toMatchObject([
      { outcome: 'failed', detail: expect.stringContaining('ec2:CreateImageUsageReport') },
    ]);
    expect((await imageNow(account)).state).toBe('available');
  });

  it('where there are no usage reports: says that it is unknown', async ({ account }) => {
    await seedStream(account);
    failing(account, 'InvalidAction');
    expect(await account.sweep(await plan(account))).toMatchObject([
      { outcome: 'disabled', detail: expect.stringContaining('use by other accounts is unknown') },
    ]);
  });

  it('is not asked for where nobody else could launch it', async ({ account }) => {
    await seedStream(account);
    await account.observer.ec2.send(
      new ModifyImageAttributeCommand({ ImageId: older, LaunchPermission: { Remove: [{ UserId: other }] } }),
    );
    expect(await retire(account, { sharedByConfiguration: false })).toEqual([`${older} disabled`]);
    expect(account.calls('CreateImageUsageReport')).toEqual([]);
  });
});

const isExhaustive = process.env.EC2_IMAGE_TEST === 'all';
const chosen = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));

/** Each change with its number; one at random, where `npm run test:all` takes them all: the command has a crash matrix, too. */
function pointsOf(changes: readonly string[]): (readonly [change: string, nth: number])[] {
  const points = changes.map((change, at) => [change, at + 1] as const);
  return isExhaustive ? points : [points[chosen % points.length]!];
}

describe('killed between two of its calls, the next runs finish', () => {
  async function killedAfter(
    account: JanitorAccount,
    nth: number,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<string[]> {
    const killed = new AbortController();
    const done: string[] = [];
    const stop = account.aws.calls.subscribe(({ mutating, met, operation, status = 200 }) => {
      // One whose answer was lost is called again; one that is refused changes nothing.
      if (!mutating || met === 'throttled' || status >= 400 || done.at(-1) === operation) return;
      if (done.push(operation) === nth) killed.abort(new Error('killed'));
    });
    await expect(work(killed.signal)).rejects.toThrow();
    stop();
    return done;
  }

  const reporting = ['CreateImageUsageReport', 'DeleteImageUsageReport'];
  const unsharing = ['ModifyImageAttribute', 'ModifySnapshotAttribute'];
  const disabling = [...reporting, 'CreateTags', ...unsharing, 'DisableImage', 'CreateTags'];
  const deregistering = [...reporting, 'CreateTags', 'DeregisterImage', 'DeleteSnapshot'];
  const enabling = [
    'CreateTags',
    'EnableImage',
    'ModifySnapshotAttribute',
    'ModifyImageAttribute',
    'DeleteTags',
  ];

  it.for(pointsOf(disabling))('while it disables, after %s (change %s)', async ([call, nth], { account }) => {
    await seedStream(account);
    const planned = await plan(account);
    const done = await killedAfter(account, nth, (signal) => account.sweep(planned, { signal }));
    expect(done.at(-1)).toBe(call);
    await retire(account);
    await retire(account);
    const { images, snapshots } = await account.contents();
    expect(images.map(({ ImageId }) => ImageId)).toEqual([newer]);
    expect(snapshots.map(({ SnapshotId }) => SnapshotId)).toEqual([newerSnap]);
  });

  it.for(pointsOf(deregistering))(
    'while it deregisters, after %s (change %s)',
    async ([call, nth], { account }) => {
      await seedStream(account);
      await retire(account);
      const planned = await plan(account);
      const done = await killedAfter(account, nth, (signal) => account.sweep(planned, { signal }));
      expect(done.at(-1)).toBe(call);
      // A list that lags behind may still show the AMI to the next run, which then keeps its snapshot.
      await retire(account);
      await retire(account);
      const { images, snapshots } = await account.contents();
      expect(images.map(({ ImageId }) => ImageId)).toEqual([newer]);
      expect(snapshots.map(({ SnapshotId, Tags }) => [SnapshotId, tagRecord(Tags)[retiredKey]])).toEqual([
        [newerSnap, undefined],
      ]);
    },
  );

  it.for(pointsOf(enabling))(
    'while it enables again, after %s (change %s)',
    async ([call, nth], { account }) => {
      await seedStream(account);
      await retire(account);
      account.seed({ fleets: [{ imageIds: [older] }] });
      const planned = await plan(account);
      const done = await killedAfter(account, nth, (signal) =>
        account.sweep(planned, { restoreSharing: restoreSharing(account, signal), signal }),
      );
      expect(done.at(-1)).toBe(call);
      await retire(account, {}, { restoreSharing: restoreSharing(account) });
      const now = await imageNow(account);
      expect(now).toMatchObject({ state: 'available', launch: [{ UserId: '333333333333' }] });
      expect(now.tags).not.toHaveProperty([disabledKey]);
    },
  );
});
