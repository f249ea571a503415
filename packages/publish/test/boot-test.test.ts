import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeInstancesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '@ec2-image/local-aws';
import { openTestAccount } from '@ec2-image/local-aws/testing';
import { bootTestToken, tagList } from '@ec2-image/provenance';
import { type BootTestOptions, bootTest } from '@ec2-image/publish';
import { test as base, expect } from 'vitest';

/** Instances are records: reachable at once, with a console that stays silent. */
const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('account', async ({}, { onCleanup }) => {
    const account = await openTestAccount({ conditions: 'adverse' });
    onCleanup(() => account[Symbol.asyncDispose]());
    return account;
  })
  .extend('imageId', ({ account }) => {
    const [id, snapshot] = [newId('ami'), newId('snap')];
    const images = [{ id, name: 'tested', snapshotIds: [snapshot] }];
    seedEc2({ directory: account.directory, snapshots: [{ id: snapshot }], images });
    return id;
  })
  .extend('run', ({ account, imageId }) => (options: Partial<BootTestOptions> = {}) => {
    const notices: string[] = [];
    const done = bootTest({
      client: account.ec2,
      imageId,
      architecture: 'x86_64',
      timeoutMs: 50,
      tags: { Name: 'tested' },
      pollIntervalMs: 10,
      onNotice: (notice) => notices.push(notice),
      ...options,
    });
    return Object.assign(done, { notices });
  })
  /** As they are, whatever a read of the tool may miss. */
  .extend('states', ({ account }) => async () => {
    const { Reservations = [] } = await account.observer.ec2.send(new DescribeInstancesCommand({}));
    const all = Reservations.flatMap(({ Instances = [] }) => Instances);
    return all.map(({ InstanceId, State }) => [InstanceId, State?.Name] as const);
  });

const newId = (prefix: string) => `${prefix}-0${randomUUID().replaceAll('-', '').slice(0, 16)}`;

test('a reachable instance with a silent console passes when the time is over, and is terminated', async ({
  run,
  states,
}) => {
  const seen: string[] = [];
  const tested = await run({
    onStarted: (id) => seen.push(`started ${id}`),
    onTerminated: (id) => seen.push(`terminated ${id}`),
  });
  const { instanceId: id } = tested;
  expect(tested).toMatchObject({
    booted: true,
    reason: 'reachable, console silent',
    instanceType: 't3.micro',
  });
  expect(seen).toEqual([`started ${id}`, `terminated ${id}`]);
  expect(await states()).toEqual([[id, 'terminated']]);
});

test('a lost answer starts no second instance', async ({ account, run, states }) => {
  const action = { kind: 'drop', when: 'after' } as const;
  account.aws.faults.add({ match: { operation: 'RunInstances' }, times: 2, action });
  await run();
  expect(await states()).toEqual([[expect.any(String), 'terminated']]);
});

test('what a killed test has left is watched while it can still pass, and terminated either way', async ({
  account,
  imageId,
  run,
  states,
}) => {
  const launch = (InstanceType: 't3.micro' | 't2.micro') => {
    const attempt = new Date().toISOString();
    return account.observer.ec2.send(
      new RunInstancesCommand({
        ImageId: imageId,
        ...{ InstanceType, MinCount: 1, MaxCount: 1 },
        ClientToken: bootTestToken({ imageId, attempt }),
        TagSpecifications: [{ ResourceType: 'instance', Tags: tagList({ 'ec2-image:started-at': attempt }) }],
      }),
    );
  };
  const { Instances: like } = await launch('t3.micro');
  const { instanceId } = await run({ timeoutMs: 60_000, expect: /^$/ });
  expect(instanceId).toBe(like![0]!.InstanceId);
  // Of another type, and so of no use.
  const { Instances: other } = await launch('t2.micro');
  const second = await run();
  expect(second.instanceId).not.toBe(other![0]!.InstanceId);
  expect((await states()).map(([, state]) => state)).toEqual(['terminated', 'terminated', 'terminated']);
});

test('two tests of one AMI at once both end with a result, and leave no instance', async ({
  run,
  states,
}) => {
  const tests = [run({ timeoutMs: 400 }), run({ timeoutMs: 100 })];
  for (const tested of await Promise.all(tests)) expect(tested).toMatchObject({ booted: true });
  expect(new Set((await states()).map(([, state]) => state))).toEqual(new Set(['terminated']));
});

test('an instance that somebody else terminates proves nothing: after three of them the test fails', async ({
  account,
  run,
}) => {
  const done = run({ timeoutMs: 60_000, onStarted: (id) => void terminate(id) });
  const terminate = async (id: string) => {
    await account.observer.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  };
  await expect(done).rejects.toMatchObject({
    code: 'TEST_INSTANCE_ENDED',
    message: expect.stringContaining('User initiated'),
  });
  expect(done.notices.filter((notice) => notice.endsWith('testing again.'))).toHaveLength(2);
});

test.for(['before RunInstances answers', 'while it watches'])(
  'aborted %s, it leaves no instance',
  async (when, { account, run, states }) => {
    const abort = new AbortController();
    const hangs = when.startsWith('before');
    const fault = account.aws.faults.add({
      match: { operation: hangs ? 'RunInstances' : 'GetConsoleOutput' },
      action: { kind: 'hang', when: 'after' },
    });
    const done = run({ timeoutMs: 60_000, signal: abort.signal });
    done.catch(() => {});
    await fault.struck;
    abort.abort(new Error('interrupted'));
    await sleep(20);
    fault.remove();
    await expect(done).rejects.toThrow('interrupted');
    expect(await states()).toEqual([[expect.any(String), 'terminated']]);
  },
);
