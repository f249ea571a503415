import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CancelSpotFleetRequestsCommand,
  CancelSpotInstanceRequestsCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DisableFastSnapshotRestoresCommand,
  EnableFastSnapshotRestoresCommand,
  ModifySnapshotTierCommand,
  RequestSpotFleetCommand,
  RequestSpotInstancesCommand,
  RestoreSnapshotTierCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect } from 'vitest';
import { it, type JanitorAccount, region, verdicts } from '../support/account.ts';
import { id, ourTags, seedPair } from '../support/resources.ts';

const [olderAmi, snap] = [id('ami', 2), id('snap', 1)];
const named = { amis: [olderAmi] };
const devices = [{ DeviceName: '/dev/sdf', Ebs: { SnapshotId: snap } }];

/** Calm, as the account's observer is: what it makes is there at once. */
function autoScaling(account: JanitorAccount): AutoScalingClient {
  const client = account.client(AutoScalingClient);
  client.middlewareStack.add(
    (next) => async (args) => {
      Object.assign((args.request as { headers: object }).headers, { 'x-local-aws-conditions': 'calm' });
      return next(args);
    },
    { step: 'build' },
  );
  return client;
}

/** Makes something that uses the AMI or the snapshot. */
type Use = (account: JanitorAccount) => Promise<unknown> | undefined;

const launchTemplate = (account: JanitorAccount, LaunchTemplateData: object = {}) =>
  account.observer.ec2.send(
    new CreateLaunchTemplateCommand({ LaunchTemplateName: 'web', LaunchTemplateData }),
  );
const spotFleet = (account: JanitorAccount, specification: object) =>
  account.observer.ec2.send(
    new RequestSpotFleetCommand({
      SpotFleetRequestConfig: {
        IamFleetRole: 'arn:aws:iam::123456789012:role/fleet',
        TargetCapacity: 0,
        LaunchSpecifications: [specification],
      },
    }),
  );
const spotRequest = (account: JanitorAccount, LaunchSpecification: object) =>
  account.observer.ec2.send(new RequestSpotInstancesCommand({ LaunchSpecification, Type: 'persistent' }));
const launchConfiguration = (account: JanitorAccount, more: object) =>
  autoScaling(account).send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName: 'old-web',
      ImageId: id('ami', 9),
      InstanceType: 't3.micro',
      ...more,
    }),
  );

describe('48: an AMI that nothing runs, but something would launch: keeps it', () => {
  it.for<[string, Use, RegExp]>([
    [
      'in the overrides of a group that is scaled to zero',
      async (account) => {
        await launchTemplate(account, { InstanceType: 't3.micro' });
        await autoScaling(account).send(
          new CreateAutoScalingGroupCommand({
            AutoScalingGroupName: 'asleep',
            MinSize: 0,
            MaxSize: 0,
            AvailabilityZones: ['us-east-1a'],
            MixedInstancesPolicy: {
              LaunchTemplate: {
                LaunchTemplateSpecification: { LaunchTemplateName: 'web', Version: '$Latest' },
                Overrides: [{ ImageId: olderAmi, InstanceType: 't3.micro' }],
              },
            },
          }),
        );
      },
      /^used by Auto Scaling group asleep$/,
    ],
    [
      'in the overrides of a fleet',
      async (account) => account.seed({ fleets: [{ imageIds: [olderAmi] }] }),
      /^used by fleet fleet-/,
    ],
    ['in a Spot Fleet', (account) => spotFleet(account, { ImageId: olderAmi }), /^used by Spot Fleet sfr-/],
    [
      'in an open Spot request',
      (account) => spotRequest(account, { ImageId: olderAmi }),
      /^used by Spot request sir-/,
    ],
    [
      'in a launch configuration',
      (account) => launchConfiguration(account, { ImageId: olderAmi }),
      /^used by launch configuration old-web$/,
    ],
  ])('%s', async ([_, use, reason], { account }) => {
    seedPair(account);
    await use(account);
    const changes = account.watch();
    for (const deregisterNow of [false, true]) {
      const { plan } = await account.clean({ ...named, deregisterNow });
      expect(plan.resources.find((resource) => resource.id === olderAmi)).toMatchObject({
        code: 'in-use',
        reason: expect.stringMatching(reason),
      });
    }
    expect(changes()).toEqual([]);
  });

  it('until it is cancelled', async ({ account }) => {
    seedPair(account);
    account.seed({ fleets: [{ imageIds: [olderAmi], state: 'deleted_terminating' }] });
    const { SpotFleetRequestId } = await spotFleet(account, { ImageId: olderAmi });
    const { SpotInstanceRequests } = await spotRequest(account, { ImageId: olderAmi });
    const request = SpotInstanceRequests![0]!.SpotInstanceRequestId!;
    await account.observer.ec2.send(
      new CancelSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [request] }),
    );
    await account.observer.ec2.send(
      new CancelSpotFleetRequestsCommand({
        SpotFleetRequestIds: [SpotFleetRequestId!],
        TerminateInstances: true,
      }),
    );
    expect(verdicts(await account.find(named))).toContain(`${olderAmi} disable`);
  });
});

describe('49: a snapshot that something would make volumes of, or that somebody moved: keeps it', () => {
  const seed = (account: JanitorAccount) =>
    account.seed({
      snapshots: [{ id: snap, createdAt: account.hoursAgo(100), tags: ourTags() }],
      images: [{ id: id('ami', 9), name: 'of somebody', snapshotIds: [] }],
    });

  it.for<[string, Use, RegExp]>([
    [
      'in the block devices of an old version of a launch template',
      async (account) => {
        await launchTemplate(account, { BlockDeviceMappings: devices });
        for (let version = 2; version <= 12; version += 1) {
          await account.observer.ec2.send(
            new CreateLaunchTemplateVersionCommand({
              LaunchTemplateName: 'web',
              LaunchTemplateData: { InstanceType: 't3.micro' },
            }),
          );
        }
      },
      /^used by lt-[0-9a-f]+ version 1$/,
    ],
    [
      'in the block devices of a launch configuration',
      (account) => launchConfiguration(account, { BlockDeviceMappings: devices }),
      /^used by launch configuration old-web$/,
    ],
    [
      'in the block devices of a fleet',
      async (account) => account.seed({ fleets: [{ snapshotIds: [snap] }] }),
      /^used by fleet fleet-/,
    ],
    [
      'in the block devices of a Spot Fleet',
      (account) => spotFleet(account, { ImageId: id('ami', 9), BlockDeviceMappings: devices }),
      /^used by Spot Fleet sfr-/,
    ],
    [
      'in the block devices of an open Spot request',
      (account) => spotRequest(account, { ImageId: id('ami', 9), BlockDeviceMappings: devices }),
      /^used by Spot request sir-/,
    ],
    [
      'archived',
      (account) =>
        account.observer.ec2.send(
          new ModifySnapshotTierCommand({ SnapshotId: snap, StorageTier: 'archive' }),
        ),
      /archive tier/,
    ],
    [
      'restored from the archive for a while',
      async (account) => {
        await account.observer.ec2.send(
          new ModifySnapshotTierCommand({ SnapshotId: snap, StorageTier: 'archive' }),
        );
        await account.observer.ec2.send(
          new RestoreSnapshotTierCommand({ SnapshotId: snap, TemporaryRestoreDays: 1 }),
        );
      },
      /archive tier/,
    ],
    [
      'with fast restore',
      (account) =>
        account.observer.ec2.send(
          new EnableFastSnapshotRestoresCommand({
            AvailabilityZones: ['us-east-1a', 'us-east-1b'],
            SourceSnapshotIds: [snap],
          }),
        ),
      /^fast snapshot restore is enabled in us-east-1a, us-east-1b$/,
    ],
  ])('%s', async ([_, use, reason], { account }) => {
    seed(account);
    await use(account);
    const changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources.find((resource) => resource.id === snap)).toMatchObject({
      code: 'in-use',
      reason: expect.stringMatching(reason),
    });
    expect(changes()).toEqual([]);
  });

  it('until fast restore is disabled', async ({ account }) => {
    seed(account);
    const restore = { AvailabilityZones: ['us-east-1a'], SourceSnapshotIds: [snap] };
    await account.observer.ec2.send(new EnableFastSnapshotRestoresCommand(restore));
    await account.observer.ec2.send(new DisableFastSnapshotRestoresCommand(restore));
    expect(verdicts(await account.find())).toEqual([`${snap} delete`]);
  });

  it('that came into use since the plan: skips it', async ({ account }) => {
    seed(account);
    const plan = await account.find();
    expect(verdicts(plan)).toEqual([`${snap} delete`]);
    await launchTemplate(account, { BlockDeviceMappings: devices });
    const changes = account.watch();
    expect(await account.sweep(plan)).toMatchObject([
      { outcome: 'skipped', detail: expect.stringMatching(/^used by lt-/) },
    ]);
    expect(changes()).toEqual([]);
  });
});

/** Each list that may name an AMI or a snapshot, and whose denial leaves its use unknown. */
it.for([
  'DescribeLaunchTemplates',
  'DescribeLaunchTemplateVersions',
  'DescribeLaunchConfigurations',
  'DescribeAutoScalingGroups',
  'DescribeFleets',
  'DescribeSpotFleetRequests',
  'DescribeSpotInstanceRequests',
  'DescribeFastSnapshotRestores',
  'DescribeSnapshotTierStatus',
  'DescribeLockedSnapshots',
  'DescribeSnapshotAttribute',
])('%s denied: keeps what depends on it, and says so', async (operation, { account }) => {
  seedPair(account);
  account.seed({ snapshots: [{ id: id('snap', 3), createdAt: account.hoursAgo(100), tags: ourTags() }] });
  await launchTemplate(account, { InstanceType: 't3.micro' });
  account.aws.faults.add({
    match: { operation },
    times: 'always',
    action: { kind: 'error', preset: 'access-denied' },
  });
  const changes = account.watch();
  const { plan } = await account.clean({ ...named, deregisterNow: true });
  const ofSnapshots = /Snapshot(Attribute|s$|Restores|Tier)/.test(operation);
  expect(verdicts(plan)).toContain(`${id('snap', 3)} keep unread`);
  expect(verdicts(plan)).toContain(`${olderAmi} ${ofSnapshots ? 'delete' : 'keep unread'}`);
  expect(plan.gaps).toContainEqual(
    expect.objectContaining({ region, detail: expect.stringContaining(operation) }),
  );
  expect(changes().filter((change) => /^Delete/.test(change))).toEqual([]);
});
