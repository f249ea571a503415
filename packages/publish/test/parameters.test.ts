import {
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import type { Clock } from '@ec2-image/aws-call';
import { seedEc2 } from '@ec2-image/local-aws';
import { openTestAccount } from '@ec2-image/local-aws/testing';
import { putParameters, readParameters } from '@ec2-image/publish';
import { test as base, expect } from 'vitest';

const [first, second, pending] = ['1', '2', '3'].map((id) => `ami-${id.padStart(17, '0')}`) as [
  string,
  string,
  string,
];
const [own, latest] = ['/images/debian/1', '/images/debian/latest'] as const;

/** Sleeping takes no time, and what is asleep can be disturbed. */
function createClock(): Clock & { onSleep: () => Promise<unknown> } {
  let time = Date.now();
  const clock = {
    onSleep: async () => {},
    now: () => time,
    random: () => 0.5,
    async sleep(ms: number) {
      time += ms;
      await clock.onSleep();
    },
  };
  return clock;
}

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('ssm', async ({}, { onCleanup }) => {
  const account = await openTestAccount({ conditions: 'adverse' });
  onCleanup(() => account[Symbol.asyncDispose]());
  seedEc2({
    directory: account.directory,
    images: [
      { id: first, name: 'first', snapshotIds: [] },
      { id: second, name: 'second', snapshotIds: [] },
      { id: pending, name: 'pending', snapshotIds: [], state: 'pending' },
    ],
  });
  const clock = createClock();
  const watcher = account.observer.client(SSMClient);
  return {
    account,
    clock,
    watcher,
    put: (...entries: (readonly [name: string, imageId: string])[]) =>
      putParameters({
        client: account.client(SSMClient),
        clock,
        entries: entries.map(([name, imageId]) => ({ name, imageId })),
      }),
    /** What is there, whatever a caller would see of it. */
    async values(): Promise<Record<string, string>> {
      const { Parameters } = await watcher.send(
        new GetParametersByPathCommand({ Path: '/', Recursive: true }),
      );
      return Object.fromEntries(Parameters!.map(({ Name, Value }) => [Name!, Value!]));
    },
    async versions(name: string): Promise<(string | undefined)[]> {
      const { Parameters } = await watcher.send(new GetParameterHistoryCommand({ Name: name }));
      // A put whose answer is lost is sent again, and then is two versions.
      const values = Parameters!.map(({ Value }) => Value);
      return values.filter((value, index) => value !== values[index - 1]);
    },
  };
});

test('each names its AMI once it resolves, and what names it already is not put', async ({ ssm }) => {
  await ssm.put([own, first], [latest, first]);
  expect(await ssm.values()).toEqual({ [own]: first, [latest]: first });
  await ssm.put([latest, second]);
  await ssm.put([own, first], [latest, second]);
  expect(await ssm.versions(own)).toEqual([first]);
  expect(await ssm.versions(latest)).toEqual([first, second]);
  const names = [latest, '/none', own];
  expect(await readParameters({ client: ssm.account.client(SSMClient), names })).toEqual([
    { name: latest, value: second, version: expect.any(Number), dataType: 'aws:ec2:image' },
    { name: '/none' },
    { name: own, value: first, version: expect.any(Number), dataType: 'aws:ec2:image' },
  ]);
});

test('an AMI that SSM does not accept fails, and what comes after it stays', async ({ ssm }) => {
  await ssm.put([latest, first]);
  await expect(ssm.put([own, pending], [latest, second])).rejects.toMatchObject({
    code: 'PARAMETER_NOT_APPLIED',
    resumable: true,
    message: expect.stringContaining(`SSM took ${pending} for ${own}`),
  });
  expect(await ssm.values()).toEqual({ [latest]: first });
});

test('a put whose answer is lost is sent again, and shows as one value', async ({ ssm }) => {
  ssm.account.aws.faults.add({
    match: { operation: 'PutParameter' },
    action: { kind: 'drop', when: 'after' },
  });
  await ssm.put([latest, first]);
  expect(ssm.account.calls('PutParameter').length).toBeGreaterThan(1);
  expect(await ssm.versions(latest)).toEqual([first]);
});

test('somebody else who changes it meanwhile is told', async ({ ssm }) => {
  let changed = false;
  ssm.clock.onSleep = async () => {
    const isPut = ssm.account
      .calls('PutParameter')
      .some(({ outcome, status }) => outcome === 'answered' && status === 200);
    if (!isPut || changed) return;
    changed = true;
    await ssm.watcher.send(
      new PutParameterCommand({ Name: latest, Value: 'mine', Type: 'String', Overwrite: true }),
    );
  };
  await expect(ssm.put([latest, first])).rejects.toMatchObject({
    code: 'PARAMETER_CHANGED',
    facts: { value: 'mine' },
  });
});

test('a name that SSM does not take is told in its words', async ({ ssm }) => {
  await expect(ssm.put(['images/latest', first])).rejects.toMatchObject({
    code: 'PARAMETER_REFUSED',
    message: expect.stringContaining('fully qualified name'),
  });
});
