import { parsePolicy } from '@ec2-image/iam-policy';
import type { ServiceName } from '../../../service.ts';
import type { Asked, Requirement } from '../requirement.ts';
import { arnOf, ec2Requirements, tagKeys } from './ec2.ts';
import { s3Requirements } from './s3.ts';

/** What each call needs, as AWS's Service Authorization Reference has it: https://docs.aws.amazon.com/service-authorization/latest/reference/ */
export const requirementsOf: Readonly<
  Partial<Record<ServiceName, (asked: Asked) => readonly Requirement[]>>
> = {
  ec2: ec2Requirements,
  s3: s3Requirements,
  ebs(asked) {
    const { operation, parameters } = asked;
    const id = parameters.SnapshotId ?? parameters.SecondSnapshotId;
    return [
      {
        action: `ebs:${operation}`,
        resource: arnOf(asked, 'snapshot', id),
        // Asked for only where a policy is to be held against it: the tags of every block's snapshot would be looked up.
        get context() {
          return id === undefined ? startKeys(parameters) : resourceTags(asked, id);
        },
      },
    ];
  },
  ssm(asked) {
    const { operation, parameters } = asked;
    const names = [parameters.Name ?? parameters.Path, ...namesIn(parameters.Names)].filter(
      (name) => name !== undefined,
    );
    const action = `ssm:${operation}`;
    if (names.length === 0)
      return [{ action, resource: `arn:${asked.partition}:ssm:${asked.region}:${asked.accountId}:*` }];
    const needed = names.map((name) => ({
      action,
      resource: `arn:${asked.partition}:ssm:${asked.region}:${asked.accountId}:parameter/${name.replace(/^\//, '')}`,
      context: { 'ssm:Overwrite': parameters.Overwrite },
    }));
    // SSM validates an AMI's id with the caller's own permissions.
    return operation === 'PutParameter' && parameters.DataType === 'aws:ec2:image'
      ? [...needed, { action: 'ec2:DescribeImages', resource: '*' }]
      : needed;
  },
  iam({ operation, parameters, partition, accountId, rolePath }) {
    const { RoleName: name, UserName: user, PolicySourceArn, PolicyArn } = parameters;
    const ofUser = user && `arn:${partition}:iam::${accountId}:user/${user}`;
    const source = ofUser ?? PolicySourceArn ?? PolicyArn;
    const role = name && `arn:${partition}:iam::${accountId}:role${rolePath(name)}${name}`;
    return [{ action: `iam:${operation}`, resource: role ?? source ?? '*' }];
  },
  sts({ operation }) {
    // Nobody can be denied to ask who they are.
    if (operation === 'GetCallerIdentity') return [];
    if (!operation.startsWith('AssumeRole')) return [{ action: `sts:${operation}`, resource: '*' }];
    // Whoever comes with a token has no policies yet: the trust policy decides alone.
    return [];
  },
  kms({ operation, accountId, parameters: { KeyId: id = '*' }, keyOf }) {
    const action = `kms:${operation}`;
    const key = keyOf(id);
    if (!key) return [{ action, resource: id.startsWith('arn:') ? id : '*' }];
    return [
      {
        action,
        resource: key.arn,
        context: {
          'kms:CallerAccount': accountId,
          ...(key.aliases.length > 0 && { 'kms:ResourceAliases': key.aliases }),
        },
        resourcePolicy: parsePolicy(key.policy, 'resource'),
        resourceMustAllow: true,
        resourceAccountId: key.arn.split(':')[4]!,
      },
    ];
  },
  'service-quotas': ({ operation }) => [{ action: `servicequotas:${operation}`, resource: '*' }],
  autoscaling: ({ operation }) => [{ action: `autoscaling:${operation}`, resource: '*' }],
};

function resourceTags(asked: Asked, id: string): Record<string, string> {
  return Object.fromEntries(asked.tagsOf(id).map(({ key, value }) => [`aws:ResourceTag/${key}`, value]));
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticblockstore.html */
function startKeys({ Description, ParentSnapshotId, VolumeSize, Tags }: Asked['parameters']) {
  return {
    'ebs:Description': Description,
    'ebs:ParentSnapshot': ParentSnapshotId,
    'ebs:VolumeSize': VolumeSize,
    ...(Tags !== undefined && tagKeys(tagsIn(Tags))),
  };
}

function tagsIn(text: string): (readonly [string, string])[] {
  const tags = JSON.parse(text) as readonly { readonly Key?: string; readonly Value?: string }[] | null;
  return Array.isArray(tags) ? tags.map(({ Key = '', Value = '' }) => [Key, Value] as const) : [];
}

function namesIn(text: string | undefined): string[] {
  const names: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}
