import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  GetConsoleOutputCommand,
  RegisterImageCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { makeSampleDisk, type SampleBoot } from '@ec2-image/sample-image';
import { expect, refusal, type TestAccount, testWith } from '../support/account.ts';
import { bucket, putObject } from './disks.ts';
import { ended, input, start } from './imports.ts';

const test = testWith({
  buckets: [bucket],
  ec2: { bootInstances: true, statusCheckMs: 0, impairedAfterMs: 3000 },
});

async function amiOf(
  account: TestAccount,
  {
    boot,
    ...image
  }: {
    readonly boot: SampleBoot;
    readonly BootMode?: 'uefi' | 'legacy-bios';
    readonly Architecture?: 'arm64';
  },
): Promise<string> {
  const key = `${randomUUID()}.raw`;
  const path = join(account.directory, key);
  await makeSampleDisk({ path, sizeBytes: 8 * 2 ** 20, dataBytes: 1024, boot });
  await putObject(account.s3, key, await readFile(path));
  const { SnapshotId } = await ended(account, await start(account, input(key)));
  const { ImageId } = await account.ec2.send(
    new RegisterImageCommand({
      Name: key,
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      EnaSupport: true,
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId } }],
      ...image,
    }),
  );
  return ImageId!;
}

const run = (account: TestAccount, input: Partial<RunInstancesCommandInput>) =>
  account.ec2.send(new RunInstancesCommand({ MinCount: 1, MaxCount: 1, ...input }));

/** Where the machine makes no progress, its console tells where. */
async function consoleUntil(account: TestAccount, InstanceId: string, pattern: RegExp): Promise<string> {
  const giveUpAt = performance.now() + 100_000;
  for (;;) {
    const { Output = '' } = await account.ec2.send(new GetConsoleOutputCommand({ InstanceId }));
    const text = Buffer.from(Output, 'base64').toString();
    if (pattern.test(text)) return text;
    if (performance.now() > giveUpAt) {
      throw new Error(
        `${await stateOf(account, InstanceId)}, ${pattern} is not in ${JSON.stringify(text.slice(-2000))}`,
      );
    }
    await sleep(50);
  }
}

async function stateOf(account: TestAccount, id: string): Promise<string> {
  const { Reservations } = await account.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations![0]!.Instances![0]!.State!.Name!;
}

test.for<[string, 't3.micro' | 't4g.micro', Parameters<typeof amiOf>[1]]>([
  ['a BIOS', 't3.micro', { boot: { bios: true } }],
  ['UEFI', 't3.micro', { boot: { efi: ['x86_64'] }, BootMode: 'uefi' }],
  ['UEFI on arm64', 't4g.micro', { boot: { efi: ['arm64'] }, Architecture: 'arm64' }],
])(
  'by %s an instance boots the snapshot, and its console is late',
  { timeout: 120_000 },
  async ([, InstanceType, image], { account }) => {
    const ImageId = await amiOf(account, image);
    const { Instances } = await run(account, { ImageId, InstanceType });
    const InstanceId = Instances![0]!.InstanceId!;
    expect(Instances![0]).toMatchObject({ State: { Name: 'pending' }, InstanceType });
    const first = await account.ec2.send(new GetConsoleOutputCommand({ InstanceId }));
    expect(first.Output).toBeUndefined();
    await consoleUntil(account, InstanceId, /sample login: /);
    expect(await stateOf(account, InstanceId)).toBe('running');
    const { InstanceStatuses } = await account.ec2.send(
      new DescribeInstanceStatusCommand({ InstanceIds: [InstanceId] }),
    );
    expect(InstanceStatuses).toMatchObject([
      { InstanceStatus: { Status: 'ok' }, SystemStatus: { Status: 'ok' } },
    ]);

    const ended = await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(ended.TerminatingInstances).toMatchObject([{ CurrentState: { Name: 'shutting-down' } }]);
    await expect.poll(() => stateOf(account, InstanceId)).toBe('terminated');
  },
);

test('a disk without a boot loader is never reachable; types and modes that do not fit are refused', {
  timeout: 60_000,
}, async ({ account }) => {
  const ImageId = await amiOf(account, { boot: {} });
  await expect(run(account, { ImageId, InstanceType: 't4g.micro' })).rejects.toEqual(
    refusal('InvalidParameterValue', /does not match the architecture 'x86_64'/),
  );
  await expect(run(account, { ImageId, InstanceType: 'no-type' as 't3.micro' })).rejects.toEqual(
    refusal('InvalidParameterValue'),
  );
  await expect(run(account, { ImageId, InstanceType: 't3.micro', SubnetId: 'subnet-one' })).rejects.toEqual(
    refusal('InvalidSubnetID.NotFound'),
  );
  const { Instances } = await run(account, { ImageId, InstanceType: 't3.micro' });
  const InstanceIds = [Instances![0]!.InstanceId!];
  await expect
    .poll(
      async () => {
        const { InstanceStatuses } = await account.ec2.send(
          new DescribeInstanceStatusCommand({ InstanceIds }),
        );
        return InstanceStatuses?.[0]?.InstanceStatus?.Status;
      },
      { timeout: 20_000 },
    )
    .toBe('impaired');
});

test('without QEMU it says what to install', async ({ account }) => {
  const ImageId = await amiOf(account, { boot: { bios: true } });
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  try {
    await expect(run(account, { ImageId, InstanceType: 't3.micro' })).rejects.toEqual(
      refusal('Unsupported', /apt-get install qemu-system-x86/),
    );
  } finally {
    process.env.PATH = PATH;
  }
});
