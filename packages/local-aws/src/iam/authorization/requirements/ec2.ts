import { type Asked, listed, type Requirement } from '../requirement.ts';

type Requirements = (asked: Asked) => readonly Requirement[];

/**
 * By operation, what the Service Authorization Reference says of it; an operation that is not here needs the action of its
 * name, on no resource in particular.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
const byOperation: Readonly<Record<string, Requirements>> = {
  CancelImportTask: onIds('ImportTaskId'),
  CopyImage: (asked) => [on(asked, 'image'), on(asked, 'snapshot')],
  CopySnapshot: (asked) => [on(asked, 'snapshot')],
  CreateImageUsageReport: (asked) => [...onIds('ImageId')(asked), on(asked, 'image-usage-report')],
  CreateLaunchTemplate: (asked) => [on(asked, 'launch-template')],
  CreateLaunchTemplateVersion: onIds('LaunchTemplateId'),
  CreateTags: onIds('ResourceId'),
  DeleteImageUsageReport: onIds('ReportId'),
  DeleteLaunchTemplate: onIds('LaunchTemplateId'),
  DeleteSnapshot: onIds('SnapshotId'),
  DeleteTags: onIds('ResourceId'),
  DeregisterImage: (asked) => [
    ...onIds('ImageId')(asked),
    ...(asked.parameters.DeleteAssociatedSnapshots === 'true'
      ? [{ action: 'ec2:DeleteSnapshot', resource: arnOf(asked, 'snapshot') }]
      : []),
  ],
  DescribeImageAttribute: onIds('ImageId'),
  DescribeImageReferences: (asked) => [anywhere(asked), ...lookedUpByEc2(asked)],
  DescribeSnapshotAttribute: onIds('SnapshotId'),
  DisableImage: onIds('ImageId'),
  DisableImageDeprecation: onIds('ImageId'),
  DisableImageDeregistrationProtection: onIds('ImageId'),
  EnableImage: onIds('ImageId'),
  EnableImageDeprecation: onIds('ImageId'),
  EnableImageDeregistrationProtection: onIds('ImageId'),
  GetConsoleOutput: onIds('InstanceId'),
  ImportSnapshot: (asked) => [on(asked, 'import-snapshot-task'), on(asked, 'snapshot')],
  LockSnapshot: onIds('SnapshotId'),
  ModifyImageAttribute: onIds('ImageId'),
  ModifyLaunchTemplate: onIds('LaunchTemplateId'),
  ModifySnapshotAttribute: onIds('SnapshotId'),
  RegisterImage: (asked) => [
    on(asked, 'image'),
    ...listed(asked.parameters, /^BlockDeviceMapping\.\d+\.Ebs\.SnapshotId$/).map((id) => onId(asked, id)),
  ],
  ResetImageAttribute: onIds('ImageId'),
  RunInstances: (asked) => [
    ...onIds('ImageId')(asked),
    ...['instance', 'network-interface', 'security-group', 'subnet', 'volume'].map((type) => on(asked, type)),
  ],
  StartInstances: onIds('InstanceId'),
  StopInstances: onIds('InstanceId'),
  TerminateInstances: onIds('InstanceId'),
  UnlockSnapshot: onIds('SnapshotId'),
};

export function ec2Requirements(asked: Asked): readonly Requirement[] {
  const own = byOperation[asked.operation]?.(asked) ?? [anywhere(asked)];
  return [...own, ...tagsOnCreation(asked)];
}

/** The tags of a call that makes something are CreateTags on what it makes. */
function tagsOnCreation(asked: Asked): Requirement[] {
  return Object.entries(asked.parameters).flatMap(([name, type]) => {
    const [, prefix] = /^(TagSpecification\.\d+)\.ResourceType$/.exec(name) ?? [];
    if (!prefix) return [];
    const tags = requestTags(asked, prefix);
    if (tags.length === 0) return [];
    const context = { ...tagKeys(tags), 'ec2:CreateAction': asked.operation };
    return { action: 'ec2:CreateTags', resource: arnOf(asked, type), context };
  });
}

type Pair = readonly [key: string, value: string];

function requestTags({ parameters }: Asked, prefix: string): Pair[] {
  return Object.entries(parameters).flatMap(([name, key]): Pair[] => {
    const [, tag] = /^(.*Tag\.\d+)\.Key$/.exec(name) ?? [];
    return tag?.startsWith(prefix) ? [[key, parameters[`${tag}.Value`] ?? '']] : [];
  });
}

export function tagKeys(tags: readonly Pair[]): Record<string, string | readonly string[]> {
  return {
    ...Object.fromEntries(tags.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': tags.map(([key]) => key),
  };
}

function resourceTags(asked: Asked, id: string): Record<string, string> {
  return Object.fromEntries(
    asked.tagsOf(id).flatMap(({ key, value }) => [
      [`aws:ResourceTag/${key}`, value],
      [`ec2:ResourceTag/${key}`, value],
    ]),
  );
}

function common({ region }: Asked): Record<string, string> {
  return { 'ec2:Region': region };
}

/** `SnapshotId`, or each of a list of them. */
function onIds(parameter: string): Requirements {
  const pattern = new RegExp(`^${parameter}(?:\\.\\d+)?$`);
  return (asked) => {
    const ids = listed(asked.parameters, pattern);
    return ids.length > 0 ? ids.map((id) => onId(asked, id)) : [anywhere(asked)];
  };
}

export function onId(asked: Asked, id: string): Requirement {
  const type = asked.typeOf(id);
  const tags = requestTags(asked, 'Tag.');
  return {
    action: `ec2:${asked.operation}`,
    resource: type ? arnOf(asked, type, id) : '*',
    context: {
      ...common(asked),
      ...resourceTags(asked, id),
      ...(tags.length > 0 && tagKeys(tags)),
      ...(type === 'snapshot' && { 'ec2:SnapshotID': id }),
      ...(type === 'image' && { 'ec2:ImageID': id }),
      'ec2:Owner': asked.accountId,
    },
  };
}

/** Something that the call makes, or that it names by none of its ids. */
function on(asked: Asked, type: string): Requirement {
  const prefix = Object.entries(asked.parameters).find(
    ([name, value]) => /^TagSpecification\.\d+\.ResourceType$/.test(name) && value === type,
  )?.[0];
  const tags = prefix ? requestTags(asked, prefix.replace('.ResourceType', '')) : [];
  return {
    action: `ec2:${asked.operation}`,
    resource: arnOf(asked, type),
    context: { ...common(asked), ...(tags.length > 0 && tagKeys(tags)) },
  };
}

function anywhere(asked: Asked): Requirement {
  return { action: `ec2:${asked.operation}`, resource: '*', context: common(asked) };
}

/** Nobody's but the region's. */
const withoutAccount: ReadonlySet<string> = new Set(['image', 'snapshot']);

export function arnOf({ partition, region, accountId }: Asked, type: string, id = '*'): string {
  return `arn:${partition}:ec2:${region}:${withoutAccount.has(type) ? '' : accountId}:${type}/${id}`;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html#ami-references-required-permissions */
const lookUps: Readonly<Record<string, readonly string[]>> = {
  'ec2:Instance': ['ec2:DescribeInstances'],
  'ec2:LaunchTemplate': ['ec2:DescribeLaunchTemplates', 'ec2:DescribeLaunchTemplateVersions'],
  'ssm:Parameter': ['ssm:DescribeParameters', 'ssm:GetParameters'],
  'imagebuilder:ImageRecipe': ['imagebuilder:ListImageRecipes'],
  'imagebuilder:ContainerRecipe': ['imagebuilder:ListContainerRecipes', 'imagebuilder:GetContainerRecipe'],
};

/** EC2 looks with the caller's own permissions. */
function lookedUpByEc2({ parameters }: Asked): Requirement[] {
  const types =
    parameters.IncludeAllResourceTypes === 'true'
      ? Object.keys(lookUps)
      : listed(parameters, /^ResourceType\.\d+\.ResourceType$/);
  return types
    .flatMap((type) => lookUps[type] ?? [])
    .map((action) => ({
      action,
      resource: '*',
      context: { 'aws:CalledVia': ['ec2-images.amazonaws.com'], 'aws:ViaAWSService': true },
    }));
}
