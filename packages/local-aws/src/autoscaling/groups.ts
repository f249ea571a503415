import { randomUUID } from 'node:crypto';
import { boolean, integer, memberList, type Read, required, string, structure } from '../query/shape.ts';
import type { XmlElements } from '../query/xml.ts';
import { ServiceError } from '../service.ts';
import type { Store } from '../store/store.ts';
import { operation } from './autoscaling-context.ts';
import { type NamedRow, namedRows } from './named-rows.ts';

export const groupTables: readonly string[] = [
  `CREATE TABLE autoscaling_group (
     account_id TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, arn TEXT NOT NULL,
     created_at INTEGER NOT NULL, facts TEXT NOT NULL,
     PRIMARY KEY (account_id, region, name)
   ) WITHOUT ROWID`,
];

const specification = structure({ LaunchTemplateId: string, LaunchTemplateName: string, Version: string });

const mixedInstancesPolicy = structure({
  LaunchTemplate: structure({
    LaunchTemplateSpecification: required(specification),
    Overrides: memberList(
      structure({
        InstanceType: string,
        WeightedCapacity: string,
        ImageId: string,
        LaunchTemplateSpecification: specification,
      }),
    ),
  }),
  InstancesDistribution: structure({
    OnDemandAllocationStrategy: string,
    OnDemandBaseCapacity: integer,
    OnDemandPercentageAboveBaseCapacity: integer,
    SpotAllocationStrategy: string,
    SpotInstancePools: integer,
    SpotMaxPrice: string,
  }),
});

interface Group {
  readonly minSize: number;
  readonly maxSize: number;
  readonly desired: number;
  readonly zones: readonly string[];
  readonly subnets?: string;
  readonly launchConfiguration?: string;
  readonly launchTemplate?: Read<typeof specification>;
  readonly policy?: Read<typeof mixedInstancesPolicy>;
}

/** A group that launches nothing: it is there and refers to what it would launch. */
export const createAutoScalingGroup = operation({
  fields: {
    AutoScalingGroupName: required(string),
    MinSize: required(integer),
    MaxSize: required(integer),
    DesiredCapacity: integer,
    AvailabilityZones: memberList(string),
    VPCZoneIdentifier: string,
    LaunchConfigurationName: string,
    LaunchTemplate: specification,
    MixedInstancesPolicy: mixedInstancesPolicy,
  },
  run(input, { store, accountId, region, now }) {
    const { AutoScalingGroupName: name, MinSize: minSize, MaxSize: maxSize } = input;
    const { DesiredCapacity: desired = minSize, MixedInstancesPolicy: policy } = input;
    const sources = [input.LaunchConfigurationName, input.LaunchTemplate, policy];
    if (sources.filter((source) => source !== undefined).length !== 1) {
      throw invalid(
        'Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.',
      );
    }
    if (minSize < 0 || maxSize < minSize || desired < minSize || desired > maxSize) {
      throw invalid('Min, max and desired capacity contradict one another.');
    }
    if (input.AvailabilityZones.length === 0 && input.VPCZoneIdentifier === undefined) {
      throw invalid('At least one Availability Zone or VPC Subnet is required.');
    }
    const overrides = policy?.LaunchTemplate?.Overrides ?? [];
    const images = overrides.filter(({ ImageId: imageId }) => imageId !== undefined).length;
    // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateOverrides.html
    if (images > 0 && images < overrides.length) {
      throw invalid('All overrides in the MixedInstancesPolicy must specify an ImageId.');
    }
    const facts: Group = {
      minSize,
      maxSize,
      desired,
      zones: input.AvailabilityZones,
      subnets: input.VPCZoneIdentifier,
      launchConfiguration: input.LaunchConfigurationName,
      launchTemplate: input.LaunchTemplate,
      policy,
    };
    const arn = `arn:aws:autoscaling:${region}:${accountId}:autoScalingGroup:${randomUUID()}:autoScalingGroupName/${name}`;
    const inserted = store.run(
      `INSERT OR IGNORE INTO autoscaling_group (account_id, region, name, arn, created_at, facts)
       VALUES (?, ?, ?, ?, ?, ?)`,
      [accountId, region, name, arn, now(), JSON.stringify(facts)],
    );
    if (inserted === 0) {
      throw new ServiceError(
        400,
        'AlreadyExists',
        `AutoScalingGroup by this name already exists - A group with the name ${name} already exists`,
      );
    }
    return undefined;
  },
});

export const deleteAutoScalingGroup = operation({
  fields: { AutoScalingGroupName: required(string), ForceDelete: boolean },
  run({ AutoScalingGroupName: name }, { store, accountId, region }) {
    const deleted = store.run(
      'DELETE FROM autoscaling_group WHERE account_id = ? AND region = ? AND name = ?',
      [accountId, region, name],
    );
    if (deleted === 0)
      throw invalid(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
    return undefined;
  },
});

export const describeAutoScalingGroups = operation({
  fields: { AutoScalingGroupNames: memberList(string), NextToken: string, MaxRecords: integer },
  run(input, context) {
    const { AutoScalingGroupNames: names } = input;
    const { rows, nextToken } = namedRows('autoscaling_group', { names, input }, context);
    return { AutoScalingGroups: { member: rows.map(described) }, NextToken: nextToken };
  },
});

function described({ name, arn, createdAt, facts }: NamedRow): XmlElements {
  const { minSize, maxSize, desired, zones, subnets, launchConfiguration, launchTemplate, policy } =
    JSON.parse(facts) as Group;
  return {
    AutoScalingGroupName: name,
    AutoScalingGroupARN: arn,
    LaunchConfigurationName: launchConfiguration,
    LaunchTemplate: launchTemplate && { ...launchTemplate },
    MixedInstancesPolicy: policy && {
      LaunchTemplate: policy.LaunchTemplate && {
        LaunchTemplateSpecification: { ...policy.LaunchTemplate.LaunchTemplateSpecification },
        Overrides: {
          member: policy.LaunchTemplate.Overrides.map(
            ({ LaunchTemplateSpecification: template, ...override }) => ({
              ...override,
              LaunchTemplateSpecification: template && { ...template },
            }),
          ),
        },
      },
      InstancesDistribution: policy.InstancesDistribution && { ...policy.InstancesDistribution },
    },
    MinSize: minSize,
    MaxSize: maxSize,
    DesiredCapacity: desired,
    DefaultCooldown: 300,
    AvailabilityZones: { member: [...zones] },
    LoadBalancerNames: {},
    TargetGroupARNs: {},
    HealthCheckType: 'EC2',
    HealthCheckGracePeriod: 0,
    Instances: {},
    CreatedTime: new Date(createdAt),
    SuspendedProcesses: {},
    VPCZoneIdentifier: subnets ?? '',
    EnabledMetrics: {},
    Tags: {},
    TerminationPolicies: { member: ['Default'] },
    NewInstancesProtectedFromScaleIn: false,
  };
}

/** The name of a group that a launch configuration belongs to. */
export function groupOfConfiguration(
  store: Store,
  name: string,
  { accountId, region }: { readonly accountId: string; readonly region: string },
): string | undefined {
  return store.get<{ name: string }>(
    `SELECT name FROM autoscaling_group
      WHERE account_id = ? AND region = ? AND json_extract(facts, '$.launchConfiguration') = ? LIMIT 1`,
    [accountId, region, name],
  )?.name;
}

function invalid(message: string): ServiceError {
  return new ServiceError(400, 'ValidationError', message);
}
