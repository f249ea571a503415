import {
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  type Instance,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { bootTestToken, tagList, tagRecord } from '@ec2-image/provenance';
import { expect, testWith } from './support/fixtures.ts';
import type { Flags } from './support/import.ts';
import { flagsOf } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

const test = testWith({
  formats: ['raw'],
  disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 1024, boot: { bios: true } },
  account: { ec2: { bootInstances: true, statusCheckMs: 0 } },
  flags: { via: 'ebs', bucket: undefined, 'omit-holes': true, suffix: 'one' },
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
  .extend('instances', ({ account }) => async (): Promise<Instance[]> => {
    const { Reservations = [] } = await account.ec2.send(new DescribeInstancesCommand({}));
    return Reservations.flatMap(({ Instances = [] }) => Instances);
  });

const tagOf = async (
  account: {
    readonly ec2: { send(command: DescribeImagesCommand): Promise<{ Images?: { Tags?: object[] }[] }> };
  },
  imageId: string,
) => {
  const { Images } = await account.ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
  return tagRecord(Images![0]!.Tags)['ec2-image:boot-test'];
};

test('an AMI that boots passes, and its instance is terminated', { timeout: 240_000 }, async ({
  account,
  imported,
  bootTest,
  instances,
}) => {
  const { exitCode, tested, stderr } = await bootTest();
  expect([exitCode, tested], stderr).toMatchObject([0, { booted: true, instanceType: 't3.micro' }]);
  expect(await tagOf(account, imported.imageId!)).toBe('passed');
  const [instance, ...others] = await instances();
  expect(others).toEqual([]);
  expect(instance).toMatchObject({ MetadataOptions: { HttpTokens: 'required' } });
  expect(['shutting-down', 'terminated']).toContain(instance!.State!.Name);
  expect(tagRecord(instance!.Tags)).toMatchObject({ Name: 'test-cloud-ione', automation: 'false' });
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
