import {
  AutoScalingClient,
  CreateLaunchConfigurationCommand,
  DeleteLaunchConfigurationCommand,
  paginateDescribeLaunchConfigurations,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DescribeImageAttributeCommand,
  DescribeImageReferencesCommand,
  type DescribeImageReferencesCommandInput,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DisableImageCommand,
  ModifyLaunchTemplateCommand,
  paginateDescribeLaunchTemplates,
  paginateDescribeLaunchTemplateVersions,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { accountId, expect, refusal, type TestAccount, testWith } from '../support/account.ts';

const test = testWith({}, ({ directory }) =>
  seedEc2({
    directory,
    images: [1, 2, 3, 4, 5, 6].map((n) => ({ id: ami(n), name: `image ${n}`, snapshotIds: [] })),
  }),
)
  .extend('ssm', { scope: 'file' }, ({ account }) => account.client(SSMClient))
  .extend('autoScaling', { scope: 'file' }, ({ account }) => account.client(AutoScalingClient));

const ami = (n: number) => `ami-${n.toString(16).padStart(17, '0')}`;

async function references(
  account: TestAccount,
  ImageIds: string[],
  more: Partial<DescribeImageReferencesCommandInput> = {},
) {
  const { ImageReferences } = await account.ec2.send(
    new DescribeImageReferencesCommand({ ImageIds, IncludeAllResourceTypes: true, ...more }),
  );
  return ImageReferences!.map(({ ImageId, ResourceType, Arn }) => [
    ImageId,
    ResourceType,
    Arn?.split(':').at(-1),
  ]);
}

test('instances refer to their AMI in every state, unless only some are asked for', async ({ account }) => {
  const run = new RunInstancesCommand({
    ImageId: ami(1),
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 2,
  });
  const { Instances, ReservationId } = await account.ec2.send(run);
  expect(Instances).toMatchObject([
    { ImageId: ami(1), InstanceType: 't3.micro', State: { Code: 16, Name: 'running' }, AmiLaunchIndex: 0 },
    { ImageId: ami(1), AmiLaunchIndex: 1 },
  ]);
  const [running, stopped] = Instances!.map(({ InstanceId }) => InstanceId!) as [string, string];
  await account.ec2.send(new StopInstancesCommand({ InstanceIds: [stopped] }));
  const { Reservations } = await account.ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'image-id', Values: [ami(1)] }], MaxResults: 5 }),
  );
  expect(Reservations).toMatchObject([{ ReservationId, OwnerId: accountId }]);
  expect(
    Reservations![0]!.Instances!.map(({ InstanceId, State }) => [InstanceId, State?.Name]).sort(),
  ).toEqual(
    [
      [running, 'running'],
      [stopped, 'stopped'],
    ].sort(),
  );
  expect((await references(account, [ami(1), ami(2)])).sort()).toEqual(
    [running, stopped].map((id) => [ami(1), 'ec2:Instance', `instance/${id}`]).sort(),
  );
  const ofState = { ResourceType: 'ec2:Instance' as const };
  const options = [{ OptionName: 'state-name' as const, OptionValues: ['stopped'] }];
  expect(
    await references(account, [ami(1)], { ResourceTypes: [{ ...ofState, ResourceTypeOptions: options }] }),
  ).toEqual([[ami(1), 'ec2:Instance', `instance/${stopped}`]]);
  await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [running] }));
  expect(await references(account, [ami(1)])).toHaveLength(2);
  // The launch shows on the AMI.
  const { Images } = await account.ec2.send(new DescribeImagesCommand({ ImageIds: [ami(1)] }));
  const launched = await account.ec2.send(
    new DescribeImageAttributeCommand({ ImageId: ami(1), Attribute: 'lastLaunchedTime' }),
  );
  expect(launched.LastLaunchedTime!.Value).toBe(Images![0]!.LastLaunchedTime);
  await account.ec2.send(new DisableImageCommand({ ImageId: ami(6) }));
  await expect(
    account.ec2.send(new RunInstancesCommand({ ImageId: ami(6), MinCount: 1, MaxCount: 1 })),
  ).rejects.toEqual(refusal('InvalidAMIID.Unavailable', /disabled/));
});

test('launch templates refer to AMIs by any of their versions, as far back as is asked for', async ({
  account,
}) => {
  const create = (n: number, LaunchTemplateName: string) =>
    new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: { ImageId: ami(n) } });
  const { LaunchTemplate } = await account.ec2.send(create(2, 'template'));
  const LaunchTemplateId = LaunchTemplate!.LaunchTemplateId!;
  expect(LaunchTemplate).toMatchObject({ LaunchTemplateName: 'template', LatestVersionNumber: 1 });
  await expect(account.ec2.send(create(2, 'template'))).rejects.toEqual(
    refusal('InvalidLaunchTemplateName.AlreadyExistsException'),
  );
  for (let n = 2; n <= 12; n += 1) {
    const { LaunchTemplateVersion } = await account.ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateName: 'template',
        SourceVersion: '$Latest',
        LaunchTemplateData: n === 2 ? { ImageId: ami(3), InstanceType: 't3.micro' } : { KeyName: `key ${n}` },
      }),
    );
    expect(LaunchTemplateVersion!.VersionNumber).toBe(n);
  }
  expect(await references(account, [ami(2), ami(3)])).toEqual([
    [ami(3), 'ec2:LaunchTemplate', `launch-template/${LaunchTemplateId}`],
  ]);
  const depth = (value: string) =>
    references(account, [ami(2)], {
      ResourceTypes: [
        {
          ResourceType: 'ec2:LaunchTemplate',
          ResourceTypeOptions: [{ OptionName: 'version-depth', OptionValues: [value] }],
        },
      ],
    });
  expect(await depth('11')).toEqual([]);
  expect(await depth('12')).toHaveLength(1);
  await expect(depth('10001')).rejects.toEqual(refusal('InvalidParameterValue'));

  await account.ec2.send(create(4, 'another'));
  const names: (string | undefined)[] = [];
  for await (const page of paginateDescribeLaunchTemplates({ client: account.ec2, pageSize: 1 }, {})) {
    names.push(...page.LaunchTemplates!.map(({ LaunchTemplateName }) => LaunchTemplateName));
  }
  expect(names.sort()).toEqual(['another', 'template']);
  const versions: [number, string | undefined, string | undefined][] = [];
  for await (const page of paginateDescribeLaunchTemplateVersions(
    { client: account.ec2, pageSize: 5 },
    { LaunchTemplateId },
  )) {
    for (const { VersionNumber, LaunchTemplateData } of page.LaunchTemplateVersions!) {
      versions.push([VersionNumber!, LaunchTemplateData!.ImageId, LaunchTemplateData!.InstanceType]);
    }
  }
  expect(versions.map(([number]) => number)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  expect(versions[0]).toEqual([12, ami(3), 't3.micro']);
  expect(versions.at(-1)).toEqual([1, ami(2), undefined]);

  await account.ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateId, DefaultVersion: '2' }));
  const { LaunchTemplateVersions } = await account.ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: ['$Default', '$Latest'] }),
  );
  expect(
    LaunchTemplateVersions!.map(({ VersionNumber, DefaultVersion }) => [VersionNumber, DefaultVersion]),
  ).toEqual([
    [2, true],
    [12, false],
  ]);
  const { Instances } = await account.ec2.send(
    new RunInstancesCommand({ LaunchTemplate: { LaunchTemplateId }, MinCount: 1, MaxCount: 1 }),
  );
  expect(Instances).toMatchObject([{ ImageId: ami(3), InstanceType: 't3.micro' }]);
  await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [Instances![0]!.InstanceId!] }));
  await account.ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }));
  await expect(
    account.ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId })),
  ).rejects.toEqual(refusal('InvalidLaunchTemplateId.NotFound'));
});

test('parameters in plain text refer to the AMIs that they name', async ({ account, ssm }) => {
  const put = (Name: string, Value: string, Type: 'String' | 'StringList' | 'SecureString') =>
    ssm.send(new PutParameterCommand({ Name, Value, Type }));
  await put('/images/current', ami(5), 'String');
  await put('images', `${ami(4)},${ami(5)}`, 'StringList');
  await put('secret', ami(5), 'SecureString');
  await put('prose', `not ${ami(5)} itself`, 'String');
  expect(await references(account, [ami(5)])).toEqual([
    [ami(5), 'ssm:Parameter', 'parameter/images'],
    [ami(5), 'ssm:Parameter', 'parameter/images/current'],
  ]);
});

test('refuses what it cannot look for', async ({ account }) => {
  const command = (given: DescribeImageReferencesCommandInput) =>
    account.ec2.send(new DescribeImageReferencesCommand(given));
  await expect(command({ ImageIds: [ami(1)] })).rejects.toEqual(refusal('MissingParameter', /IncludeAll/));
  const IncludeAllResourceTypes = true;
  await expect(
    command({ ImageIds: Array.from({ length: 11 }, () => ami(1)), IncludeAllResourceTypes }),
  ).rejects.toEqual(refusal('InvalidParameterValue', /10/));
  await expect(command({ ImageIds: [ami(77)], IncludeAllResourceTypes })).rejects.toEqual(
    refusal('InvalidAMIID.NotFound'),
  );
});

test('Auto Scaling keeps launch configurations, and pages them', async ({ autoScaling }) => {
  const names = Array.from({ length: 5 }, (_, n) => `configuration ${n}`);
  const create = (LaunchConfigurationName: string) =>
    autoScaling.send(
      new CreateLaunchConfigurationCommand({
        LaunchConfigurationName,
        ImageId: ami(1),
        InstanceType: 't3.micro',
      }),
    );
  for (const name of names) await create(name);
  await expect(create(names[0]!)).rejects.toEqual(refusal('AlreadyExistsFault', /already exists/));
  const found: (string | undefined)[] = [];
  for await (const page of paginateDescribeLaunchConfigurations({ client: autoScaling, pageSize: 2 }, {})) {
    found.push(...page.LaunchConfigurations!.map(({ LaunchConfigurationName }) => LaunchConfigurationName));
    expect(page.LaunchConfigurations![0]).toMatchObject({
      ImageId: ami(1),
      CreatedTime: expect.any(Date),
      LaunchConfigurationARN: expect.stringMatching(
        /^arn:aws:autoscaling:us-east-1:123456789012:launchConfiguration:/,
      ),
    });
  }
  expect(found).toEqual(names);
  await autoScaling.send(new DeleteLaunchConfigurationCommand({ LaunchConfigurationName: names[0] }));
  await expect(
    autoScaling.send(new DeleteLaunchConfigurationCommand({ LaunchConfigurationName: names[0] })),
  ).rejects.toEqual(refusal('ValidationError', /not found/));
});
