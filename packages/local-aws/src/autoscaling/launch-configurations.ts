import { randomUUID } from 'node:crypto';
import { boolean, integer, memberList, required, string, structure } from '../query/shape.ts';
import type { XmlElements } from '../query/xml.ts';
import { ServiceError } from '../service.ts';
import { operation } from './autoscaling-context.ts';
import { groupOfConfiguration } from './groups.ts';
import { type NamedRow, namedRows } from './named-rows.ts';

interface LaunchConfiguration {
  readonly imageId: string;
  readonly instanceType: string;
  readonly keyName?: string;
  readonly userData?: string;
  readonly ebsOptimized: boolean;
  readonly securityGroups: readonly string[];
  /** In Auto Scaling's own names, in requests and answers alike. */
  readonly blockDevices?: readonly XmlElements[];
}

export const launchConfigurationTables: readonly string[] = [
  `CREATE TABLE autoscaling_launch_configuration (
     account_id TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, arn TEXT NOT NULL,
     created_at INTEGER NOT NULL, facts TEXT NOT NULL,
     PRIMARY KEY (account_id, region, name)
   ) WITHOUT ROWID`,
];

export const createLaunchConfiguration = operation({
  fields: {
    LaunchConfigurationName: required(string),
    ImageId: required(string),
    InstanceType: required(string),
    KeyName: string,
    UserData: string,
    EbsOptimized: boolean,
    SecurityGroups: memberList(string),
    BlockDeviceMappings: memberList(
      structure({
        DeviceName: required(string),
        VirtualName: string,
        NoDevice: boolean,
        Ebs: structure({
          SnapshotId: string,
          VolumeSize: integer,
          VolumeType: string,
          DeleteOnTermination: boolean,
          Encrypted: boolean,
          Iops: integer,
          Throughput: integer,
        }),
      }),
    ),
  },
  run(input, { store, accountId, region, now }) {
    const name = input.LaunchConfigurationName;
    const facts: LaunchConfiguration = {
      imageId: input.ImageId,
      instanceType: input.InstanceType,
      keyName: input.KeyName,
      userData: input.UserData,
      ebsOptimized: input.EbsOptimized ?? false,
      securityGroups: input.SecurityGroups,
      blockDevices: input.BlockDeviceMappings,
    };
    const arn = `arn:aws:autoscaling:${region}:${accountId}:launchConfiguration:${randomUUID()}:launchConfigurationName/${name}`;
    const inserted = store.run(
      `INSERT OR IGNORE INTO autoscaling_launch_configuration (account_id, region, name, arn, created_at, facts)
       VALUES (?, ?, ?, ?, ?, ?)`,
      [accountId, region, name, arn, now(), JSON.stringify(facts)],
    );
    if (inserted === 0) {
      throw new ServiceError(
        400,
        'AlreadyExists',
        `Launch Configuration by this name already exists - A launch configuration already exists with the name ${name}`,
      );
    }
    return undefined;
  },
});

export const deleteLaunchConfiguration = operation({
  fields: { LaunchConfigurationName: required(string) },
  run({ LaunchConfigurationName: name }, { store, accountId, region }) {
    const user = groupOfConfiguration(store, name, { accountId, region });
    if (user !== undefined) {
      throw new ServiceError(
        400,
        'ResourceInUse',
        `Cannot delete launch configuration ${name} because it is attached to AutoScalingGroup ${user}`,
      );
    }
    const deleted = store.run(
      'DELETE FROM autoscaling_launch_configuration WHERE account_id = ? AND region = ? AND name = ?',
      [accountId, region, name],
    );
    if (deleted === 0) {
      throw new ServiceError(
        400,
        'ValidationError',
        `Launch configuration name not found - Launch configuration ${name} not found`,
      );
    }
    return undefined;
  },
});

export const describeLaunchConfigurations = operation({
  fields: { LaunchConfigurationNames: memberList(string), NextToken: string, MaxRecords: integer },
  run(input, context) {
    const { LaunchConfigurationNames: names } = input;
    const { rows, nextToken } = namedRows('autoscaling_launch_configuration', { names, input }, context);
    return { LaunchConfigurations: { member: rows.map(described) }, NextToken: nextToken };
  },
});

function described({ name, arn, createdAt, facts }: NamedRow) {
  const {
    imageId,
    instanceType,
    keyName,
    userData,
    ebsOptimized,
    securityGroups,
    blockDevices = [],
  } = JSON.parse(facts) as LaunchConfiguration;
  return {
    LaunchConfigurationName: name,
    LaunchConfigurationARN: arn,
    ImageId: imageId,
    KeyName: keyName ?? '',
    SecurityGroups: { member: securityGroups },
    ClassicLinkVPCSecurityGroups: {},
    UserData: userData ?? '',
    InstanceType: instanceType,
    KernelId: '',
    RamdiskId: '',
    BlockDeviceMappings: { member: blockDevices },
    InstanceMonitoring: { Enabled: true },
    CreatedTime: new Date(createdAt),
    EbsOptimized: ebsOptimized,
  };
}
