import { randomUUID } from 'node:crypto';
import { operationFor } from '../query/operation.ts';
import { queryService } from '../query/query-service.ts';
import { boolean, integer, memberList, required, string } from '../query/shape.ts';
import { type Service, ServiceError } from '../service.ts';
import type { ServiceContext } from '../service-context.ts';
import type { Store } from '../store/store.ts';

interface AutoScalingContext {
  readonly accountId: string;
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
}

interface Row {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly facts: string;
}

interface LaunchConfiguration {
  readonly imageId: string;
  readonly instanceType: string;
  readonly keyName?: string;
  readonly userData?: string;
  readonly ebsOptimized: boolean;
  readonly securityGroups: readonly string[];
}

const tables: readonly string[] = [
  `CREATE TABLE autoscaling_launch_configuration (
     account_id TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, arn TEXT NOT NULL,
     created_at INTEGER NOT NULL, facts TEXT NOT NULL,
     PRIMARY KEY (account_id, region, name)
   ) WITHOUT ROWID`,
];

const operation = operationFor<AutoScalingContext>();
const defaultPage = 50;
const maxPage = 100;

const createLaunchConfiguration = operation({
  fields: {
    LaunchConfigurationName: required(string),
    ImageId: required(string),
    InstanceType: required(string),
    KeyName: string,
    UserData: string,
    EbsOptimized: boolean,
    SecurityGroups: memberList(string),
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

const deleteLaunchConfiguration = operation({
  fields: { LaunchConfigurationName: required(string) },
  run({ LaunchConfigurationName: name }, { store, accountId, region }) {
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

const describeLaunchConfigurations = operation({
  fields: { LaunchConfigurationNames: memberList(string), NextToken: string, MaxRecords: integer },
  run(input, { store, accountId, region }) {
    const { LaunchConfigurationNames: names, MaxRecords: size = defaultPage } = input;
    if (size < 1 || size > maxPage) {
      throw new ServiceError(400, 'ValidationError', `MaxRecords must be between 1 and ${maxPage}`);
    }
    const rows = store.all<Row>(
      `SELECT name, arn, created_at AS createdAt, facts FROM autoscaling_launch_configuration
        WHERE account_id = ? AND region = ? AND name > ? AND (? = 0 OR name IN (SELECT value FROM json_each(?)))
        ORDER BY name LIMIT ?`,
      [
        accountId,
        region,
        Buffer.from(input.NextToken ?? '', 'base64url').toString(),
        names.length,
        JSON.stringify(names),
        size + 1,
      ],
    );
    const page = rows.slice(0, size);
    return {
      LaunchConfigurations: { member: page.map(described) },
      NextToken: rows.length > size ? Buffer.from(page.at(-1)!.name).toString('base64url') : undefined,
    };
  },
});

function described({ name, arn, createdAt, facts }: Row) {
  const { imageId, instanceType, keyName, userData, ebsOptimized, securityGroups } = JSON.parse(
    facts,
  ) as LaunchConfiguration;
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
    BlockDeviceMappings: {},
    InstanceMonitoring: { Enabled: true },
    CreatedTime: new Date(createdAt),
    EbsOptimized: ebsOptimized,
  };
}

/** Launch configurations, which refer to AMIs and do nothing else here. */
export function autoScalingService({ store, now }: ServiceContext): Service {
  store.migrate('autoscaling', tables);
  return queryService<AutoScalingContext>({
    name: 'autoscaling',
    namespace: 'http://autoscaling.amazonaws.com/doc/2011-01-01/',
    operations: {
      CreateLaunchConfiguration: createLaunchConfiguration,
      DeleteLaunchConfiguration: deleteLaunchConfiguration,
      DescribeLaunchConfigurations: describeLaunchConfigurations,
    },
    contextOf: ({ accountId, region }) => ({ accountId, region, store, now }),
  });
}
