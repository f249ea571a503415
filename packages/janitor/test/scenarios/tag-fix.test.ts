import { CreateTagsCommand, DescribeTagsCommand } from '@aws-sdk/client-ec2';
import { tagRecord } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { applyTagFix, findMissingTags, planTagFix, type TagFixRequest } from '../../src/index.ts';
import { accountId, bucket, it, type JanitorAccount, prefix, region } from '../support/account.ts';
import { amiName, id, ourImageTags, ourTags } from '../support/resources.ts';

const [ami, snap] = [id('ami', 1), id('snap', 1)];

let changes: () => string[];

function seedImage(
  account: JanitorAccount,
  tags: Record<string, string>,
  snapshotTags: Record<string, string> = ourTags(),
) {
  account.seed({
    snapshots: [{ id: snap, tags: snapshotTags }],
    images: [{ id: ami, name: amiName, snapshotIds: [snap], tags }],
  });
  changes = account.watch();
}

async function fixTags(account: JanitorAccount, request: TagFixRequest = {}) {
  const facts = await findMissingTags({
    account: accountId,
    clients: account.clients,
    regions: [region],
    buckets: [bucket],
    prefixes: [prefix],
    imageIds: request.imageIds,
  });
  const plan = planTagFix(facts, request);
  const outcomes = await applyTagFix({ plan, clients: account.clients, clock: account.clock });
  return { plan, outcomes };
}

const without = (tags: Record<string, string>, key: string) =>
  Object.fromEntries(Object.entries(tags).filter(([name]) => name !== key));

const tagsOf = async (account: JanitorAccount, resource: string) => {
  const { Tags } = await account.observer.ec2.send(
    new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [resource] }] }),
  );
  return tagRecord(Tags);
};

it('37: one tag missing: adds that one', async ({ account }) => {
  seedImage(account, without(ourImageTags(), 'automation'));
  const { outcomes } = await fixTags(account);
  expect(outcomes).toMatchObject([
    { fix: { id: ami, add: { automation: 'false' } }, outcome: 'tagged', after: ourImageTags() },
  ]);
  expect(changes()).toEqual([`CreateTags ${ami}`]);
  const [call] = account.aws.calls.list().filter(({ operation }) => operation === 'CreateTags');
  expect(call?.parameters).toMatchObject({ 'Tag.1.Key': 'automation', 'Tag.1.Value': 'false' });
  expect(call?.parameters).not.toHaveProperty(['Tag.2.Key']);
});

it('adds everything to an AMI that has nothing, and to its snapshot', async ({ account }) => {
  seedImage(account, {}, { ...without(ourTags(), 'Name'), team: 'images' });
  const { outcomes } = await fixTags(account, { imageIds: [ami] });
  expect(outcomes.map(({ fix, outcome }) => [fix.id, outcome])).toEqual([
    [ami, 'tagged'],
    [snap, 'tagged'],
  ]);
  expect(await tagsOf(account, ami)).toEqual(ourImageTags());
  expect(await tagsOf(account, snap)).toMatchObject({ Name: amiName, team: 'images' });
});

it('38: a tag with another value: reports, overwrites nothing', async ({ account }) => {
  seedImage(account, { ...ourImageTags(), Name: 'my own' });
  const { plan, outcomes } = await fixTags(account);
  expect(plan.fixes[0]?.conflicts).toEqual([{ key: 'Name', value: 'my own', wanted: amiName }]);
  expect(outcomes).toEqual([]);
  expect(changes()).toEqual([]);
});

it('39: all present: no write', async ({ account }) => {
  seedImage(account, ourImageTags());
  const { plan, outcomes } = await fixTags(account);
  expect(plan.fixes.map(({ id: fixed }) => fixed).sort()).toEqual([ami, snap]);
  expect(outcomes).toEqual([]);
  expect(changes()).toEqual([]);
});

it('40: an AMI that ec2-image did not create: refuses, says what proof it looked for', async ({
  account,
}) => {
  seedImage(account, {}, {});
  const { plan, outcomes } = await fixTags(account, { imageIds: [ami] });
  expect(plan.refusals).toEqual([
    {
      id: ami,
      reason: expect.stringMatching(
        /looked for the tag ec2-image:source-digest on it and on snap-.*import task.*s3:\/\/imports\/ec2-image\//,
      ),
    },
  ]);
  expect(outcomes).toEqual([]);
  expect(changes()).toEqual([]);
});

it('tags an AMI of other making when name and suffix are given', async ({ account }) => {
  seedImage(account, {}, {});
  const { outcomes } = await fixTags(account, { imageIds: [ami], name: 'fedora', suffix: '43' });
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['tagged', 'tagged']);
  expect(await tagsOf(account, ami)).toEqual({ Name: amiName, automation: 'false' });
  expect(await tagsOf(account, snap)).toEqual({ Name: amiName });
});

it('overwrites nothing that came after it looked', async ({ account }) => {
  seedImage(account, without(ourImageTags(), 'automation'));
  const facts = await findMissingTags({
    account: accountId,
    clients: account.clients,
    regions: [region],
    buckets: [],
    prefixes: [],
  });
  const plan = planTagFix(facts);
  await account.observer.ec2.send(
    new CreateTagsCommand({ Resources: [ami], Tags: [{ Key: 'automation', Value: 'true' }] }),
  );
  const outcomes = await applyTagFix({ plan, clients: account.clients });
  expect(outcomes).toMatchObject([{ outcome: 'unchanged' }]);
  expect(await tagsOf(account, ami)).toMatchObject({ automation: 'true' });
});

it('14: overwrites with force what it found wrong, not what was changed since', async ({ account }) => {
  seedImage(account, { ...ourImageTags(), Name: 'wrong' });
  const look = { account: accountId, clients: account.clients, regions: [region], buckets: [], prefixes: [] };
  const plan = planTagFix(await findMissingTags(look), { force: true });
  expect(plan.fixes[0]).toMatchObject({ replace: { Name: amiName }, conflicts: [] });
  await account.observer.ec2.send(
    new CreateTagsCommand({ Resources: [ami], Tags: [{ Key: 'Name', Value: 'changed' }] }),
  );
  const late = await applyTagFix({ plan, clients: account.clients });
  expect(late).toMatchObject([{ outcome: 'failed', detail: expect.stringContaining('changed meanwhile') }]);
  expect(await tagsOf(account, ami)).toMatchObject({ Name: 'changed' });
  const { outcomes } = await fixTags(account, { force: true });
  expect(outcomes).toMatchObject([{ outcome: 'tagged', after: { Name: amiName } }]);
  expect((await fixTags(account, { force: true })).outcomes).toEqual([]);
});

it('reads back until the tags are seen', async ({ account }) => {
  seedImage(account, without(ourImageTags(), 'automation'));
  account.aws.faults.add({
    match: { operation: 'CreateTags' },
    // Sent again after a lost answer, the tags are as late.
    times: 'always',
    action: { kind: 'unseen', ms: 5_000 },
  });
  const facts = await findMissingTags({
    account: accountId,
    clients: account.clients,
    regions: [region],
    buckets: [],
    prefixes: [],
  });
  const before = account.now();
  const outcomes = await applyTagFix({
    plan: planTagFix(facts),
    clients: account.clients,
    clock: account.clock,
  });
  expect(outcomes).toMatchObject([{ outcome: 'tagged', after: { automation: 'false' } }]);
  expect(account.now() - before).toBeGreaterThanOrEqual(5_000);
});
