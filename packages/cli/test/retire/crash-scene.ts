import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeImageUsageReportsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
} from '@aws-sdk/client-ec2';
import { type SeedImage, seedEc2 } from '@ec2-image/local-aws';
import {
  disabledKey,
  formatDisabledMark,
  formatStartedAt,
  launchPermissionsKey,
  provenanceKeys,
  retiredKey,
  tagRecord,
} from '@ec2-image/provenance';
import { expect } from 'vitest';
import { hoursAgo, id, imported, ourImageTags, ourTags } from '../janitor/support.ts';
import { openAccount, region, type TestAccount } from '../support/account.ts';
import { standardRetries } from '../support/crash-points.ts';
import { type InProcessEnd, runInProcess } from '../support/in-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const [formerly, configured] = ['210987654321', '333333333333'];
const mark = formatDisabledMark({
  phase: 'disabled',
  at: formatStartedAt(new Date(hoursAgo(30))),
  because: 'retired',
});

/** Of five AMIs of one stream, one for each step: what a run does first. */
const amis: readonly (Partial<SeedImage> & { readonly is: string })[] = [
  { is: 'the newest' },
  { is: 'to be deprecated', launchPermissions: [formerly] },
  { is: 'to be disabled', launchPermissions: [formerly], deprecatedAt: hoursAgo(96) },
  {
    is: 'to be deregistered',
    deprecatedAt: hoursAgo(96),
    state: 'disabled',
    tags: { [disabledKey]: mark },
  },
  {
    is: 'to be enabled again',
    deprecatedAt: hoursAgo(96),
    state: 'disabled',
    tags: { [disabledKey]: mark },
  },
];
const [first, toDeprecate, , , toEnable] = amis.map((_, index) => id('ami', index + 1));
const snapshotOf = (imageId: string) => imageId.replace('ami', 'snap');

/** An account with an AMI for each step of `retire`, and the command that takes them on. */
export interface RetireScene extends AsyncDisposable {
  readonly account: TestAccount;
  readonly args: readonly string[];
  run(): Promise<InProcessEnd>;
  /** The runs of the following days, until nothing is to do. */
  finish(): Promise<void>;
  /** Whatever happened before: what is retired is gone with its snapshots, the others are as configured. */
  expectRetired(): Promise<void>;
}

export async function openRetireScene(): Promise<RetireScene> {
  const account = await openAccount({
    ec2: { usageReportMs: 20 },
    publication: { audience: [formerly, configured] },
  });
  const directory = await temporaryDirectory('retire');
  const config = join(directory, 'ec2-image.yaml');
  const settings = {
    region,
    retain: { count: 1, grace: '2d' },
    share: { accounts: [configured] },
    'poll-interval': 0.02,
    images: { fedora: {} },
  };
  // JSON is YAML.
  await writeFile(config, JSON.stringify(settings));
  seedStream(account);
  const args = ['retire', '--config', config, '--endpoint-url', account.aws.url];
  args.push('--apply', '--yes', '--json', '--max-attempts', '2');
  const run = () => runInProcess(args, { env: standardRetries });
  return {
    account,
    args,
    run,
    async finish() {
      // Lists may lag behind, and a run does one step of each AMI.
      for (let runs = 0; runs < 6; runs += 1) {
        const { exitCode, stderr, json } = await run();
        expect(exitCode, stderr).toBe(0);
        if ((json<{ retire: { outcomes: unknown[] } }>().retire.outcomes ?? []).length === 0) return;
      }
      throw new Error('retire finds something to do in every run');
    },
    expectRetired: () => expectRetired(account),
    async [Symbol.asyncDispose]() {
      await account[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function seedStream({ directory }: TestAccount): void {
  const made = amis.map(({ is: _, tags, ...image }, index) => {
    const createdAt = hoursAgo(100 * (index + 1));
    const imageId = id('ami', index + 1);
    const own = {
      [provenanceKeys.startedAt]: formatStartedAt(new Date(createdAt)),
      'ec2-image:proof': 'full',
    };
    return {
      snapshot: {
        id: snapshotOf(imageId),
        createdAt,
        description: imported,
        tags: { ...ourTags, ...own },
        createVolumePermissions: image.launchPermissions,
      },
      image: {
        ...image,
        id: imageId,
        createdAt,
        name: `fedora-i${index}`,
        snapshotIds: [snapshotOf(imageId)],
        tags: { ...ourImageTags, ...own, ...tags },
      },
    };
  });
  seedEc2({
    directory,
    snapshots: made.map(({ snapshot }) => snapshot),
    images: made.map(({ image }) => image),
    fleets: [{ imageIds: [toEnable!] }],
  });
}

async function expectRetired({ observer: { ec2 } }: TestAccount): Promise<void> {
  const every = { Owners: ['self'], IncludeDeprecated: true, IncludeDisabled: true };
  const { Images = [] } = await ec2.send(new DescribeImagesCommand(every));
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  const left = [first, toDeprecate, toEnable];
  expect(Images.map(({ ImageId, State }) => [ImageId, State]).sort()).toEqual(
    left.map((imageId) => [imageId, 'available']),
  );
  expect(Snapshots.map(({ SnapshotId }) => SnapshotId).sort()).toEqual(
    left.map((imageId) => snapshotOf(imageId!)),
  );
  for (const { Tags } of [...Images, ...Snapshots])
    for (const note of [disabledKey, launchPermissionsKey, retiredKey])
      expect(tagRecord(Tags)).not.toHaveProperty([note]);
  expect(
    Images.filter(({ DeprecationTime }) => DeprecationTime)
      .map(({ ImageId }) => ImageId)
      .sort(),
  ).toEqual([toDeprecate, toEnable]);
  for (const [imageId, who] of [
    [toDeprecate!, formerly],
    [toEnable!, configured],
  ] as const) {
    const { LaunchPermissions } = await ec2.send(
      new DescribeImageAttributeCommand({ ImageId: imageId, Attribute: 'launchPermission' }),
    );
    const { CreateVolumePermissions } = await ec2.send(
      new DescribeSnapshotAttributeCommand({
        SnapshotId: snapshotOf(imageId),
        Attribute: 'createVolumePermission',
      }),
    );
    expect([LaunchPermissions, CreateVolumePermissions]).toEqual([[{ UserId: who }], [{ UserId: who }]]);
  }
  const { ImageUsageReports } = await ec2.send(new DescribeImageUsageReportsCommand({}));
  expect(ImageUsageReports).toEqual([]);
}
