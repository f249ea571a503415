import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  DeleteAutoScalingGroupCommand,
  DeleteLaunchConfigurationCommand,
  DescribeLaunchConfigurationsCommand,
  paginateDescribeAutoScalingGroups,
} from '@aws-sdk/client-auto-scaling';
import {
  CancelSpotFleetRequestsCommand,
  CancelSpotInstanceRequestsCommand,
  CreateFleetCommand,
  type CreateFleetCommandInput,
  CreateLaunchTemplateCommand,
  DeleteFleetsCommand,
  DescribeFleetsCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSpotFleetRequestsCommand,
  DescribeSpotInstanceRequestsCommand,
  paginateDescribeSpotInstanceRequests,
  RequestSpotFleetCommand,
  RequestSpotInstancesCommand,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { describe, expect, refusal, type TestAccount, testWith } from '../support/account.ts';

const ImageId = `ami-${'1'.padStart(17, '0')}`;
const SnapshotId = `snap-${'1'.padStart(17, '0')}`;
const devices = [{ DeviceName: '/dev/sdf', Ebs: { SnapshotId } }];
const template = { LaunchTemplateName: 'web', Version: '$Latest' };

const test = testWith({}, async ({ directory, ec2 }) => {
  seedEc2({
    directory,
    snapshots: [{ id: SnapshotId }],
    images: [{ id: ImageId, name: 'image', snapshotIds: [SnapshotId] }],
    fleets: [{ imageIds: [ImageId], snapshotIds: [SnapshotId] }],
  });
  await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'web',
      LaunchTemplateData: { ImageId, BlockDeviceMappings: devices },
    }),
  );
}).extend('autoScaling', { scope: 'file' }, ({ account }) => account.client(AutoScalingClient));

test('a launch template has block devices', async ({ account }) => {
  const { LaunchTemplateVersions } = await account.ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: 'web' }),
  );
  expect(LaunchTemplateVersions![0]!.LaunchTemplateData).toMatchObject({
    ImageId,
    BlockDeviceMappings: devices,
  });
});

describe('EC2 Fleets', () => {
  const create = (account: TestAccount, more: Partial<CreateFleetCommandInput> = {}) =>
    account.ec2.send(
      new CreateFleetCommand({
        LaunchTemplateConfigs: [{ LaunchTemplateSpecification: template }],
        TargetCapacitySpecification: { TotalTargetCapacity: 0 },
        ...more,
      }),
    );

  test('are described with their templates and overrides, instant ones by their ids alone, until they are deleted', async ({
    account,
  }) => {
    const { FleetId: maintained } = await create(account, { ClientToken: 'once' });
    expect((await create(account, { ClientToken: 'once' })).FleetId).toBe(maintained);
    const overrides = { Overrides: [{ ImageId, BlockDeviceMappings: devices }] };
    const { FleetId: instant } = await create(account, {
      Type: 'instant',
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: template, ...overrides }],
    });
    const { Fleets = [] } = await account.ec2.send(new DescribeFleetsCommand({}));
    expect(Fleets.map(({ FleetId }) => FleetId)).toContain(maintained);
    expect(Fleets.map(({ FleetId }) => FleetId)).not.toContain(instant);
    expect(Fleets).toContainEqual(
      expect.objectContaining({
        FleetState: 'active',
        LaunchTemplateConfigs: [
          expect.objectContaining({
            Overrides: [
              expect.objectContaining({ ImageId }),
              expect.objectContaining({ BlockDeviceMappings: [expect.objectContaining(devices[0]!)] }),
            ],
          }),
        ],
      }),
    );
    const byId = await account.ec2.send(new DescribeFleetsCommand({ FleetIds: [instant!] }));
    expect(byId.Fleets![0]!.LaunchTemplateConfigs).toMatchObject([overrides]);
    const deleted = await account.ec2.send(
      new DeleteFleetsCommand({ FleetIds: [maintained!, 'fleet-none'], TerminateInstances: true }),
    );
    expect(deleted.SuccessfulFleetDeletions).toMatchObject([{ CurrentFleetState: 'deleted_terminating' }]);
    expect(deleted.UnsuccessfulFleetDeletions).toMatchObject([{ FleetId: 'fleet-none' }]);
  });

  test('are refused where AWS would refuse them', async ({ account }) => {
    const config = { LaunchTemplateSpecification: template, Overrides: [{ ImageId }] };
    await expect(create(account, { LaunchTemplateConfigs: [config] })).rejects.toEqual(
      refusal('InvalidParameterCombination', /ImageId/),
    );
    const absent = { LaunchTemplateSpecification: { LaunchTemplateName: 'none', Version: '1' } };
    await expect(create(account, { LaunchTemplateConfigs: [absent] })).rejects.toEqual(
      refusal('InvalidLaunchTemplateName.NotFoundException'),
    );
    await expect(account.ec2.send(new DescribeFleetsCommand({ FleetIds: ['fleet-1'] }))).rejects.toEqual(
      refusal('InvalidFleetId.Malformed'),
    );
  });
});

test('Spot Fleets are described with their specifications, and with their state when they are cancelled', async ({
  account,
}) => {
  const request = (more: object) =>
    account.ec2.send(
      new RequestSpotFleetCommand({
        SpotFleetRequestConfig: {
          IamFleetRole: 'arn:aws:iam::123456789012:role/x',
          TargetCapacity: 0,
          ...more,
        },
      }),
    );
  const { SpotFleetRequestId: id } = await request({
    LaunchSpecifications: [{ ImageId, InstanceType: 't3.micro', BlockDeviceMappings: devices }],
  });
  await request({ LaunchTemplateConfigs: [{ LaunchTemplateSpecification: template }] });
  const describeFleet = async () => {
    const { SpotFleetRequestConfigs } = await account.ec2.send(
      new DescribeSpotFleetRequestsCommand({ SpotFleetRequestIds: [id!] }),
    );
    return SpotFleetRequestConfigs![0]!;
  };
  expect(await describeFleet()).toMatchObject({
    SpotFleetRequestState: 'active',
    SpotFleetRequestConfig: { LaunchSpecifications: [{ ImageId, BlockDeviceMappings: devices }] },
  });
  await account.ec2.send(
    new CancelSpotFleetRequestsCommand({ SpotFleetRequestIds: [id!], TerminateInstances: true }),
  );
  expect(await describeFleet()).toMatchObject({ SpotFleetRequestState: 'cancelled_terminating' });
  await expect(request({})).rejects.toEqual(refusal('MissingParameter'));
});

test('Spot requests stay open until they are cancelled, and are paged', async ({ account }) => {
  const { SpotInstanceRequests = [] } = await account.ec2.send(
    new RequestSpotInstancesCommand({
      InstanceCount: 7,
      LaunchSpecification: { ImageId, BlockDeviceMappings: devices },
    }),
  );
  const ids = SpotInstanceRequests.map(({ SpotInstanceRequestId }) => SpotInstanceRequestId!);
  const found: (string | undefined)[] = [];
  for await (const page of paginateDescribeSpotInstanceRequests({ client: account.ec2, pageSize: 5 }, {})) {
    found.push(...page.SpotInstanceRequests!.map(({ SpotInstanceRequestId }) => SpotInstanceRequestId));
    expect(page.SpotInstanceRequests![0]).toMatchObject({
      State: 'open',
      LaunchSpecification: { ImageId, BlockDeviceMappings: devices },
    });
  }
  expect(found).toEqual(ids.toSorted());
  await account.ec2.send(new CancelSpotInstanceRequestsCommand({ SpotInstanceRequestIds: ids.slice(1) }));
  const open = await account.ec2.send(
    new DescribeSpotInstanceRequestsCommand({ Filters: [{ Name: 'state', Values: ['open'] }] }),
  );
  expect(open.SpotInstanceRequests!.map(({ SpotInstanceRequestId }) => SpotInstanceRequestId)).toEqual([
    ids[0],
  ]);
});

test('Auto Scaling groups keep their policies, and are paged', async ({ autoScaling }) => {
  const create = (AutoScalingGroupName: string, more: object) =>
    autoScaling.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName,
        MinSize: 0,
        MaxSize: 0,
        AvailabilityZones: ['us-east-1a'],
        ...more,
      }),
    );
  await autoScaling.send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName: 'old',
      ImageId,
      InstanceType: 't3.micro',
      BlockDeviceMappings: devices,
    }),
  );
  await create('b', { LaunchConfigurationName: 'old' });
  const mixed = (Overrides: object[]) => ({
    MixedInstancesPolicy: { LaunchTemplate: { LaunchTemplateSpecification: template, Overrides } },
  });
  await create('a', mixed([{ ImageId, InstanceType: 't3.micro' }]));
  const groups = [];
  for await (const page of paginateDescribeAutoScalingGroups({ client: autoScaling, pageSize: 1 }, {})) {
    groups.push(...page.AutoScalingGroups!);
  }
  expect(groups).toMatchObject([
    {
      AutoScalingGroupName: 'a',
      MixedInstancesPolicy: { LaunchTemplate: { Overrides: [{ ImageId }] } },
    },
    { AutoScalingGroupName: 'b', LaunchConfigurationName: 'old' },
  ]);
  const { LaunchConfigurations } = await autoScaling.send(new DescribeLaunchConfigurationsCommand({}));
  expect(LaunchConfigurations![0]!.BlockDeviceMappings).toMatchObject(devices);
  await expect(create('c', mixed([{ ImageId }, { InstanceType: 't3.micro' }]))).rejects.toEqual(
    refusal('ValidationError', /ImageId/),
  );
  await expect(create('c', {})).rejects.toEqual(refusal('ValidationError', /either/));
  const removeConfiguration = () =>
    autoScaling.send(new DeleteLaunchConfigurationCommand({ LaunchConfigurationName: 'old' }));
  await expect(removeConfiguration()).rejects.toEqual(refusal('ResourceInUseFault', /attached/));
  await autoScaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: 'b' }));
  await removeConfiguration();
});
