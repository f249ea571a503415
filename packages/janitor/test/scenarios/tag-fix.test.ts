import { CreateTagsCommand, DescribeTagsCommand } from '@aws-sdk/client-ec2';
import { tagRecord } from '@ec2-image/provenance';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { applyTagFix, findMissingTags, planTagFix, type TagFixRequest } from '../../src/index.ts';
import { accountId, bucket, type JanitorAccount, openAccount, prefix, region } from '../support/account.ts';
import { amiName, id, makeBucket, ourImageTags, ourTags } from '../support/things.ts';

const [ami, snap] = [id('ami', 1), id('snap', 1)];

let account: JanitorAccount;
let changes: () => string[];
beforeEach(async () => {
  account = await openAccount();
  await makeBucket(account);
});
afterEach(() => account[Symbol.asyncDispose]());

function seedImage(tags: Record<string, string>, snapshotTags: Record<string, string> = ourTags()) {
  account.seed({
    snapshots: [{ id: snap, tags: snapshotTags }],
    images: [{ id: ami, name: amiName, snapshotIds: [snap], tags }],
  });
  changes = account.watch();
}

async function fixTags(request: TagFixRequest = {}) {
  const facts = await findMissingTags({
    account: accountId,
    clients: account.clients,
    regions: [region],
    buckets: [bucket],
    prefixes: [prefix],
    imageIds: request.imageIds,
  });
  const plan = planTagFix(facts, request);
  const outcomes = await applyTagFix({ plan, clients: account.clients, sleep: async () => {} });
  return { plan, outcomes };
}

const without = (tags: Record<string, string>, key: string) =>
  Object.fromEntries(Object.entries(tags).filter(([name]) => name !== key));

const tagsOf = async (resource: string) => {
  const { Tags } = await account.ec2.send(
    new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [resource] }] }),
  );
  return tagRecord(Tags);
};

it('37: one tag missing: adds that one', async () => {
  seedImage(without(ourImageTags(), 'automation'));
  const { outcomes } = await fixTags();
  expect(outcomes).toMatchObject([
    { fix: { id: ami, add: { automation: 'false' } }, outcome: 'tagged', after: ourImageTags() },
  ]);
  expect(changes()).toEqual([`CreateTags ${ami}`]);
  const [call] = account.aws.calls.list().filter(({ operation }) => operation === 'CreateTags');
  expect(call?.parameters).toMatchObject({ 'Tag.1.Key': 'automation', 'Tag.1.Value': 'false' });
  expect(call?.parameters).not.toHaveProperty(['Tag.2.Key']);
});

it('adds everything to an AMI that has nothing, and to its snapshot', async () => {
  seedImage({}, { ...without(ourTags(), 'Name'), team: 'images' });
  const { outcomes } = await fixTags({ imageIds: [ami] });
  expect(outcomes.map(({ fix, outcome }) => [fix.id, outcome])).toEqual([
    [ami, 'tagged'],
    [snap, 'tagged'],
  ]);
  expect(await tagsOf(ami)).toEqual(ourImageTags());
  expect(await tagsOf(snap)).toMatchObject({ Name: amiName, team: 'images' });
});

it('38: a tag with another value: reports, overwrites nothing', async () => {
  seedImage({ ...ourImageTags(), Name: 'my own' });
  const { plan, outcomes } = await fixTags();
  expect(plan.fixes[0]?.conflicts).toEqual([{ key: 'Name', value: 'my own', wanted: amiName }]);
  expect(outcomes).toEqual([]);
  expect(changes()).toEqual([]);
});

it('39: all present: no write', async () => {
  seedImage(ourImageTags());
  const { plan, outcomes } = await fixTags();
  expect(plan.fixes.map(({ id: fixed }) => fixed).sort()).toEqual([ami, snap]);
  expect(outcomes).toEqual([]);
  expect(changes()).toEqual([]);
});

it('40: an AMI that is not ours: refuses, says what proof it looked for', async () => {
  seedImage({}, {});
  const { plan, outcomes } = await fixTags({ imageIds: [ami] });
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

it('tags an AMI of other making when name and suffix are given', async () => {
  seedImage({}, {});
  const { outcomes } = await fixTags({ imageIds: [ami], name: 'fedora', suffix: '43' });
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['tagged', 'tagged']);
  expect(await tagsOf(ami)).toEqual({ Name: amiName, automation: 'false' });
  expect(await tagsOf(snap)).toEqual({ Name: amiName });
});

it('overwrites nothing that came after it looked', async () => {
  seedImage(without(ourImageTags(), 'automation'));
  const facts = await findMissingTags({
    account: accountId,
    clients: account.clients,
    regions: [region],
    buckets: [],
    prefixes: [],
  });
  const plan = planTagFix(facts);
  await account.ec2.send(
    new CreateTagsCommand({ Resources: [ami], Tags: [{ Key: 'automation', Value: 'true' }] }),
  );
  const outcomes = await applyTagFix({ plan, clients: account.clients });
  expect(outcomes).toMatchObject([{ outcome: 'unchanged' }]);
  expect(await tagsOf(ami)).toMatchObject({ automation: 'true' });
});

it('reads back until the tags are seen', async () => {
  seedImage(without(ourImageTags(), 'automation'));
  account.aws.faults.add({ match: { operation: 'CreateTags' }, action: { kind: 'unseen', ms: 5_000 } });
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
    sleep: account.waits.sleep,
  });
  expect(outcomes).toMatchObject([{ outcome: 'tagged', after: { automation: 'false' } }]);
  expect(account.now() - before).toBeGreaterThanOrEqual(5_000);
});
