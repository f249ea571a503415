import {
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DisableImageCommand,
  EnableImageCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { disabledKey, launchPermissionsKey, tagRecord } from '@ec2-image/provenance';
import { describe, expect } from 'vitest';
import { accountId, it, type JanitorAccount, results, verdicts } from '../support/account.ts';
import { id, ourImageTags, seedPair } from '../support/resources.ts';

const [ami, olderAmi] = [id('ami', 1), id('ami', 2)];
const otherSnap = id('snap', 2);
const superseded = { superseded: true };

async function imageNow(account: JanitorAccount, imageId = olderAmi) {
  const { Images } = await account.observer.ec2.send(
    new DescribeImagesCommand({ Owners: ['self'], IncludeDisabled: true, ImageIds: [imageId] }),
  );
  return { state: Images![0]!.State, tags: tagRecord(Images![0]!.Tags) };
}

async function launchPermissions(account: JanitorAccount) {
  const { LaunchPermissions } = await account.observer.ec2.send(
    new DescribeImageAttributeCommand({ ImageId: olderAmi, Attribute: 'launchPermission' }),
  );
  return LaunchPermissions;
}

describe('51: `--superseded`, healthy and unused', () => {
  it('disables it; the next run deregisters it and deletes its snapshots', async ({ account }) => {
    seedPair(account);
    const first = await account.clean(superseded);
    expect(results(first.outcomes)).toEqual([`${olderAmi} disabled`]);
    expect(verdicts(first.plan)).toContain(`${otherSnap} keep in-use`);
    expect(await imageNow(account)).toMatchObject({
      state: 'disabled',
      tags: { [disabledKey]: expect.stringMatching(/^disabled \S+Z superseded$/) },
    });
    const second = await account.clean(superseded);
    expect(results(second.outcomes)).toEqual([`${olderAmi} deleted`, `${otherSnap} deleted`]);
  });

  it('in use meanwhile: enables it again, for whom it was there before', async ({ account }) => {
    seedPair(account);
    const own = { Add: [{ UserId: accountId }] };
    await account.observer.ec2.send(
      new ModifyImageAttributeCommand({ ImageId: olderAmi, LaunchPermission: own }),
    );
    await account.clean(superseded);
    expect(await launchPermissions(account)).toEqual([]);
    expect((await imageNow(account)).tags[launchPermissionsKey]).toBe(accountId);
    account.seed({ fleets: [{ imageIds: [olderAmi] }] });
    const { plan, outcomes } = await account.clean(superseded);
    expect(plan.resources.find((resource) => resource.id === olderAmi)).toMatchObject({
      verdict: 'enable',
      reason: expect.stringMatching(/^disabled by the janitor at \S+, and used by fleet fleet-/),
    });
    expect(results(outcomes)).toEqual([`${olderAmi} enabled`]);
    expect(await imageNow(account)).toEqual({ state: 'available', tags: ourImageTags() });
    expect(await launchPermissions(account)).toEqual([{ UserId: accountId }]);
  });

  it('not superseded any more: enables it again', async ({ account }) => {
    seedPair(account);
    await account.clean(superseded);
    await account.observer.ec2.send(new DeregisterImageCommand({ ImageId: ami }));
    const { outcomes } = await account.clean(superseded);
    expect(results(outcomes)).toContain(`${olderAmi} enabled`);
    expect(await imageNow(account)).toEqual({ state: 'available', tags: ourImageTags() });
  });

  it('enabled by somebody meanwhile: keeps it, and says so', async ({ account }) => {
    seedPair(account);
    await account.clean(superseded);
    await account.observer.ec2.send(new EnableImageCommand({ ImageId: olderAmi }));
    const { plan, outcomes } = await account.clean(superseded);
    expect(plan.resources.find((resource) => resource.id === olderAmi)).toMatchObject({
      code: 'protected',
      reason: expect.stringMatching(/^somebody enabled it/),
    });
    expect(outcomes).toEqual([]);
  });

  it('disabled by somebody else: keeps it without --now', async ({ account }) => {
    seedPair(account);
    await account.observer.ec2.send(new DisableImageCommand({ ImageId: olderAmi }));
    const { plan, outcomes } = await account.clean(superseded);
    expect(verdicts(plan)).toContain(`${olderAmi} keep healthy`);
    expect(outcomes).toEqual([]);
  });

  it('shared between the plan and its turn: skips it, and disables nothing', async ({ account }) => {
    seedPair(account);
    const plan = await account.find(superseded);
    const LaunchPermission = { Add: [{ UserId: '210987654321' }] };
    await account.observer.ec2.send(new ModifyImageAttributeCommand({ ImageId: olderAmi, LaunchPermission }));
    const changes = account.watch();
    expect(await account.sweep(plan)).toMatchObject([
      { outcome: 'skipped', detail: 'shared with 210987654321' },
    ]);
    expect(changes()).toEqual([]);
  });

  it('two janitors at once: both succeed, and neither does more than disable it', async ({ account }) => {
    seedPair(account);
    const plan = await account.find(superseded);
    const [one] = await account.sweep(plan);
    const [other] = await account.sweep(plan);
    expect([one?.outcome, other?.outcome]).toEqual(['disabled', 'disabled']);
    expect(await imageNow(account)).toMatchObject({ state: 'disabled' });
  });
});

/** The calls of a run that change something, in their order: after each of them it may be killed. */
const changesOfDisabling = ['CreateTags', 'DisableImage', 'CreateTags'];
const changesOfEnabling = ['CreateTags', 'EnableImage', 'ModifyImageAttribute', 'DeleteTags'];

describe('35: a janitor killed between two of its calls', () => {
  /** The nth change is carried out, and the answer to it is the last thing that the run sees. */
  async function killedAfter(
    account: JanitorAccount,
    nth: number,
    work: (signal: AbortSignal) => Promise<unknown>,
  ) {
    const killed = new AbortController();
    const done: string[] = [];
    const stop = account.aws.calls.subscribe(({ mutating, met, operation }) => {
      // One whose answer was lost is called again.
      if (!mutating || met === 'throttled' || done.at(-1) === operation) return;
      if (done.push(operation) === nth) killed.abort(new Error('killed'));
    });
    await expect(work(killed.signal)).rejects.toThrow();
    stop();
  }

  it.for(changesOfDisabling.map((call, at) => [call, at + 1] as const))(
    'while it disables, after %s (change %s): the next runs finish',
    async ([, nth], { account }) => {
      seedPair(account);
      const plan = await account.find(superseded);
      await killedAfter(account, nth, (signal) => account.sweep(plan, { signal }));
      await account.clean(superseded);
      await account.clean(superseded);
      const { images } = await account.contents();
      expect(images.map(({ ImageId }) => ImageId)).toEqual([ami]);
    },
  );

  it.for(changesOfEnabling.map((call, at) => [call, at + 1] as const))(
    'while it enables again, after %s (change %s): the next run finishes',
    async ([, nth], { account }) => {
      seedPair(account);
      const own = { Add: [{ UserId: accountId }] };
      await account.observer.ec2.send(
        new ModifyImageAttributeCommand({ ImageId: olderAmi, LaunchPermission: own }),
      );
      await account.clean(superseded);
      account.seed({ fleets: [{ imageIds: [olderAmi] }] });
      const plan = await account.find(superseded);
      const changes = account.watch();
      await killedAfter(account, nth, (signal) => account.sweep(plan, { signal }));
      expect(changes().at(-1)?.split(' ')[0]).toBe(changesOfEnabling[nth - 1]);
      await account.clean(superseded);
      expect(await imageNow(account)).toEqual({ state: 'available', tags: ourImageTags() });
      expect(await launchPermissions(account)).toEqual([{ UserId: accountId }]);
    },
  );
});

describe('`--now`', () => {
  const now = { ...superseded, deregisterNow: true };

  it('what comes into use while it is being disabled is enabled again', async ({ account }) => {
    seedPair(account);
    const plan = await account.find(now);
    const stop = account.aws.calls.subscribe(({ operation }) => {
      if (operation === 'DisableImage') account.seed({ fleets: [{ imageIds: [olderAmi] }] });
    });
    const outcomes = await account.sweep(plan);
    stop();
    expect(outcomes).toMatchObject([
      { outcome: 'skipped', detail: expect.stringMatching(/used by fleet fleet-.*; enabled again$/) },
      { outcome: 'skipped', detail: expect.stringContaining(olderAmi) },
    ]);
    expect(await imageNow(account)).toEqual({ state: 'available', tags: ourImageTags() });
  });

  it('deregisters at once what somebody else disabled', async ({ account }) => {
    seedPair(account);
    await account.observer.ec2.send(new DisableImageCommand({ ImageId: olderAmi }));
    const { outcomes } = await account.clean(now);
    expect(results(outcomes)).toEqual([`${olderAmi} deleted`, `${otherSnap} deleted`]);
  });
});
