import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateTagsCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DisableEbsEncryptionByDefaultCommand,
  type Instance,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { bootTestToken, tagList, tagRecord } from '@ec2-image/provenance';
import type { TestAccount } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import type { Flags } from './support/import.ts';
import { flagsOf } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

const test = testWith({
  formats: ['qcow2'],
  disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 1024, boot: { bios: true } },
  account: { ec2: { bootInstances: true, statusCheckMs: 0 } },
  flags: { via: 'ebs', bucket: undefined, 'omit-holes': true, suffix: 'one', 'poll-interval': 0.3 },
})
  .extend('imported', async ({ runImport }) => {
    const { result } = await runImport();
    return result;
  })
  .extend('bootTest', ({ account, imported }) => async (flags: Flags = {}) => {
    const all = { 'endpoint-url': account.aws.url, json: true, region: 'us-east-1', ...flags };
    const end = await runInProcess(['boot-test', imported.imageId!, ...flagsOf(all)]);
    return { ...end, tested: end.json<{ 'boot-test'?: object }>()['boot-test'] };
  })
  .extend(
    'instances',
    ({ account }) =>
      () =>
        instancesOf(account),
  );

async function instancesOf({ ec2 }: Pick<TestAccount, 'ec2'>): Promise<Instance[]> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances);
}

const tagOf = async (
  account: {
    readonly ec2: { send(command: DescribeImagesCommand): Promise<{ Images?: { Tags?: object[] }[] }> };
  },
  imageId: string,
) => {
  const { Images } = await account.ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
  return tagRecord(Images![0]!.Tags)['ec2-image:boot-test'];
};

test('an import starts its AMI, and passes once the console shows a login prompt; a later run does not start it again', {
  timeout: 240_000,
}, async ({ account, runImport, instances }) => {
  const { result, exitCode, stderr } = await runImport({ 'boot-test': 'true' });
  expect([exitCode, result], stderr).toMatchObject([
    0,
    {
      outcome: 'imported',
      bootTest: { booted: true, instanceType: 't3.micro' },
      tags: { 'ec2-image:boot-test': 'passed' },
    },
  ]);
  expect(result.bootTest!.console!.join('\n')).toContain('login:');
  expect(result.steps).toContainEqual(expect.objectContaining({ step: 'boot-test', outcome: 'done' }));
  expect(await tagOf(account, result.imageId!)).toBe('passed');
  const [instance, ...others] = await instances();
  expect(others).toEqual([]);
  expect(instance).toMatchObject({ MetadataOptions: { HttpTokens: 'required' } });
  expect(['shutting-down', 'terminated']).toContain(instance!.State!.Name);
  expect(tagRecord(instance!.Tags)).toMatchObject({ Name: 'test-cloud-ione', automation: 'false' });

  const again = await runImport({ 'boot-test': 'true' });
  expect(again.result).toMatchObject({ outcome: 'reused', imageId: result.imageId });
  expect(again.result.steps).toContainEqual(
    expect.objectContaining({ step: 'boot-test', outcome: 'reused' }),
  );
  expect(await instances()).toHaveLength(1);
});

test("one whose console never matches fails, with the console's end, and what a killed test left is terminated", {
  timeout: 240_000,
}, async ({ account, imported, bootTest, instances }) => {
  const imageId = imported.imageId!;
  const attempt = '2026-11-22T10:00:00.000Z';
  const launch = (ClientToken: string) =>
    account.ec2.send(
      new RunInstancesCommand({
        ImageId: imageId,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        ClientToken,
        TagSpecifications: [{ ResourceType: 'instance', Tags: tagList({ 'ec2-image:started-at': attempt }) }],
      }),
    );
  const ours = (await launch(bootTestToken({ imageId, attempt }))).Instances![0]!.InstanceId!;
  const theirs = (await launch('of-somebody-else')).Instances![0]!.InstanceId!;
  await account.ec2.send(
    new CreateTagsCommand({ Resources: [imageId], Tags: [{ Key: 'ec2-image:boot-test', Value: 'passed' }] }),
  );

  const { exitCode, tested } = await bootTest({ expect: 'never printed', 'boot-timeout': 20 });
  expect([exitCode, tested]).toMatchObject([
    1,
    { booted: false, console: expect.arrayContaining([expect.stringContaining('sample login:')]) },
  ]);
  expect(await tagOf(account, imageId)).toBe('failed');
  const states = new Map((await instances()).map(({ InstanceId, State }) => [InstanceId!, State!.Name!]));
  expect(states.get(theirs)).toBe('running');
  expect(['shutting-down', 'terminated']).toContain(states.get(ours));
  expect([...states.values()].filter((state) => state === 'running' || state === 'pending')).toHaveLength(1);
});

const withoutLoader = testWith({
  formats: ['qcow2'],
  disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 1024, boot: {} },
  account: { ec2: { bootInstances: true, statusCheckMs: 0 } },
  flags: {
    ...{ via: 'ebs', bucket: undefined, 'omit-holes': true, suffix: 'one', 'poll-interval': 0.3 },
    ...{ 'allow-unbootable': true, 'boot-mode': 'none', 'boot-test': '{"timeout":2}' },
    share: '{"accounts":["210987654321"]}',
  },
});

withoutLoader(
  'a disk whose loader was removed fails its boot test, stays private though it is to be shared, and is tested again by each later run',
  { timeout: 240_000 },
  async ({ account, images, workDirectory, argsOf, runImport }) => {
    // What is encrypted with AWS's own key cannot be shared.
    await account.ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
    const first = await runImport();
    const { result } = first;
    expect([first.exitCode, result], first.stderr).toMatchObject([
      1,
      {
        outcome: 'failed',
        imageId: expect.stringMatching(/^ami-/),
        error: { code: 'BOOT_TEST_FAILED', message: expect.stringContaining('after 2 s') },
        bootTest: { booted: false, console: expect.any(Array) },
      },
    ]);
    const imageId = result.imageId!;
    expect(await tagOf(account, imageId)).toBe('failed');
    expect(first.stderr).toContain(`--ami ${imageId}`);
    // It gets no more from what was downloaded for it.
    expect(await readdir(join(workDirectory, 'images'))).toEqual([]);
    const sharedWith = async () => {
      const attribute = { ImageId: imageId, Attribute: 'launchPermission' } as const;
      const { LaunchPermissions = [] } = await account.ec2.send(new DescribeImageAttributeCommand(attribute));
      return LaunchPermissions.map(({ UserId }) => UserId);
    };
    expect(await sharedWith()).toEqual([]);
    const config = join(workDirectory, 'ec2-image.yaml');
    const image = {
      ...{ url: images.url('qcow2'), 'checksum-url': images.checksumUrl, arch: 'x86_64', suffix: 'one' },
      ...{ via: 'ebs', 'boot-test': { timeout: 2 }, share: { accounts: ['210987654321'] } },
    };
    // JSON is YAML.
    await writeFile(config, JSON.stringify({ images: { 'test-cloud': image } }));
    const flags = { config, 'endpoint-url': account.aws.url, 'work-dir': workDirectory, json: true };
    const published = await runInProcess(['publish', ...flagsOf({ ...flags, apply: true })]);
    expect([published.exitCode, published.stdout], published.stderr).toEqual([
      1,
      expect.stringContaining('its boot test has failed'),
    ]);
    expect(await sharedWith()).toEqual([]);

    const quiet = await runInProcess(argsOf({ json: undefined, quiet: true }));
    expect([quiet.exitCode, quiet.stdout]).toEqual([1, '']);
    const untested = await runInProcess(argsOf({ 'boot-test': undefined, json: undefined }));
    expect([untested.exitCode, untested.stderr]).toEqual([1, expect.stringContaining('--boot-test true')]);
    expect(untested.stdout).toContain('does not boot');
    // Instances, not calls: an answer that is lost has its call repeated.
    expect(await instancesOf(account)).toHaveLength(2);
    // The test was wrong, and not the AMI.
    const passed = await runImport({ 'boot-test': '{"timeout":120,"expect":"SeaBIOS"}' });
    expect([passed.exitCode, passed.result.outcome], passed.stderr).toEqual([0, 'reused']);
    expect(await tagOf(account, imageId)).toBe('passed');
    expect(await sharedWith()).toEqual(['210987654321']);
  },
);
