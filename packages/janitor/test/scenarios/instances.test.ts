import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { bootTestToken, tagList } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { explainMissing, narrowPlan, parsePlan } from '../../src/index.ts';
import { bucket, it, type JanitorAccount, region, results, verdicts } from '../support/account.ts';
import { id, ourImageTags, provenance, seedPair } from '../support/resources.ts';

const imageId = id('ami', 2);

/** As a boot test that was killed has left it. */
async function startInstance(
  account: JanitorAccount,
  hoursAgo: number,
  { clientToken }: { readonly clientToken?: string } = {},
): Promise<string> {
  const startedAt = account.hoursAgo(hoursAgo);
  const attempt = new Date(startedAt).toISOString();
  const { Instances } = await account.at(startedAt, () =>
    account.observer.ec2.send(
      new RunInstancesCommand({
        ...{ ImageId: imageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 },
        ClientToken: clientToken ?? bootTestToken({ imageId, attempt }),
        TagSpecifications: [
          {
            ResourceType: 'instance',
            Tags: tagList({ ...ourImageTags(), ...provenance(startedAt), 'ec2-image:started-at': attempt }),
          },
        ],
      }),
    ),
  );
  return Instances![0]!.InstanceId!;
}

async function stateOf(account: JanitorAccount, instanceId: string): Promise<string | undefined> {
  const { Reservations } = await account.observer.ec2.send(
    new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
  );
  return Reservations?.[0]?.Instances?.[0]?.State?.Name;
}

it('the instance of a boot test that was killed: holds its AMI, and is terminated', async ({ account }) => {
  seedPair(account);
  const instanceId = await startInstance(account, 100);
  const policy = { amis: [imageId] };
  const changes = account.watch();
  const { plan, outcomes } = await account.clean(policy);
  expect(plan.resources).toMatchObject([
    { kind: 'instance', id: instanceId, verdict: 'delete', proof: expect.stringContaining(imageId) },
    {},
    { id: imageId, verdict: 'keep', code: 'in-use', reason: expect.stringContaining(instanceId) },
    {},
    {},
  ]);
  expect(results(outcomes)).toEqual([`${instanceId} deleted`]);
  expect(changes()).toEqual(['TerminateInstances']);
  expect(await stateOf(account, instanceId)).toBe('terminated');
});

it('a stopped one is terminated, too', async ({ account }) => {
  seedPair(account);
  const instanceId = await startInstance(account, 100);
  await account.observer.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
  expect(results((await account.clean()).outcomes)).toEqual([`${instanceId} deleted`]);
});

it('instances that are kept: of a test that may still run, of a later one, a protected one, and all others', async ({
  account,
}) => {
  seedPair(account);
  const [testing, recent, kept, held] = [
    await startInstance(account, 0.1),
    await startInstance(account, 3),
    await startInstance(account, 100),
    await startInstance(account, 101),
  ];
  const tagged = (instanceId: string, key: string, value: string) =>
    account.observer.ec2.send(
      new CreateTagsCommand({ Resources: [instanceId], Tags: tagList({ [key]: value }) }),
    );
  await tagged(kept, 'permanent', 'true');
  await tagged(held, 'hold', 'yes');
  // Whoever launches from an AMI may give its tags to the instance: the token is not among them.
  await startInstance(account, 100, { clientToken: 'of-their-own' });
  const changes = account.watch();
  const policy = { olderThanMs: 3_600_000, keepTags: [{ key: 'hold' }] };
  const instances = (await account.find(policy)).resources.filter(({ kind }) => kind === 'instance');
  expect(Object.fromEntries(instances.map((instance) => [instance.id, instance]))).toMatchObject({
    [testing]: { verdict: 'keep', code: 'too-recent' },
    [recent]: { verdict: 'delete' },
    [kept]: { verdict: 'keep', code: 'protected' },
    [held]: { verdict: 'keep', code: 'protected' },
  });
  expect(instances).toHaveLength(4);
  // Whatever minimum age somebody gives, a test that may run is not ended.
  expect(verdicts(await account.find({ olderThanMs: 0 }))).toContain(`${testing} keep live`);
  expect(changes()).toEqual([]);
});

it('one that has ended since the plan is gone, and one that became protected is skipped', async ({
  account,
}) => {
  seedPair(account);
  const [ended, shielded] = [await startInstance(account, 100), await startInstance(account, 101)];
  const plan = await account.find();
  await account.observer.ec2.send(new TerminateInstancesCommand({ InstanceIds: [ended] }));
  account.aws.faults.add({
    match: { operation: 'TerminateInstances' },
    times: 'always',
    action: { kind: 'error', status: 400, code: 'OperationNotPermitted' },
  });
  const outcomes = await account.sweep(plan);
  expect(Object.fromEntries(outcomes.map(({ resource, ...rest }) => [resource.id, rest]))).toMatchObject({
    [ended]: { outcome: 'gone' },
    [shielded]: { outcome: 'skipped', detail: expect.stringContaining('termination protection') },
  });
});

it('47: a saved plan that names an instance of somebody else: it is not touched', async ({ account }) => {
  seedPair(account);
  const foreign = await startInstance(account, 100, { clientToken: 'of-their-own' });
  const resource = {
    ...({ verdict: 'delete', kind: 'instance', id: foreign, region, proof: 'is ours' } as const),
    ref: `${region}/${foreign}`,
  };
  const plan = await account.find();
  const saved = parsePlan(JSON.stringify({ ...plan, resources: [resource] }));
  const scope = { account: plan.account, regions: [region], buckets: [bucket], prefixes: [] };
  const narrowed = narrowPlan(saved, { fresh: plan, scope });
  expect(narrowed.plan.resources).toEqual([]);
  expect(await explainMissing(narrowed, account)).toMatchObject([
    { outcome: 'skipped', detail: 'no longer identifiable as created by ec2-image' },
  ]);
  expect(await stateOf(account, foreign)).toBe('running');
});

it('where instances may not be listed, none is judged, and the report says so', async ({ account }) => {
  seedPair(account);
  await startInstance(account, 100);
  account.aws.faults.add({
    match: { operation: 'DescribeInstances' },
    times: 'always',
    action: { kind: 'error', preset: 'access-denied' },
  });
  const plan = await account.find();
  expect(plan.gaps).toMatchObject([{ what: 'instances' }]);
  expect(plan.resources.filter(({ kind }) => kind === 'instance')).toEqual([]);
});
