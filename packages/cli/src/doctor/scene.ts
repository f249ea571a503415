import type { EC2Client } from '@aws-sdk/client-ec2';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { createSender, isAwsCallError } from '@ec2-image/aws-call';
import { clientSettings } from '../aws/clients.ts';
import type { Cloud } from '../aws/cloud.ts';
import { observeCalls } from '../aws/observe-calls.ts';
import { partitionOf } from '../aws/partition.ts';

/** Whose permissions are in question. */
export interface Caller {
  /** `arn:aws:sts::123456789012:assumed-role/NAME/SESSION`, or a user's. */
  readonly arn: string;
  /** The user or role whose policies IAM can simulate; undefined where there is none, or it is not known. */
  readonly source?: string;
  /** Why not, or why a simulation would prove nothing. */
  readonly unprovable?: string;
}

/** One session in one region: what the checks of an account look with. */
export interface Scene extends AsyncDisposable {
  readonly cloud: Cloud;
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  readonly caller: Caller;
  readonly senders: ReturnType<typeof createSenders>;
  readonly signal: AbortSignal;
}

function createSenders(cloud: Cloud, signal: AbortSignal) {
  const { connection, calls } = cloud;
  const kms = new KMSClient(clientSettings(connection, 'KMS'));
  const quotas = new ServiceQuotasClient(clientSettings(connection, 'Service Quotas'));
  for (const client of [kms, quotas]) observeCalls(client, connection);
  const options = { ...calls, signal };
  return {
    ec2: createSender({ ...options, client: cloud.ec2 as EC2Client, service: 'EC2' }),
    s3: createSender({ ...options, client: cloud.s3, service: 'S3' }),
    iam: createSender({ ...options, client: cloud.iam, service: 'IAM' }),
    sts: createSender({ ...options, client: cloud.sts, service: 'STS' }),
    kms: createSender({ ...options, client: kms, service: 'KMS' }),
    quotas: createSender({ ...options, client: quotas, service: 'Service Quotas' }),
    destroy() {
      kms.destroy();
      quotas.destroy();
    },
  };
}

/** Undefined where nobody says whose account it is: then nothing about its policies can be said either. */
export async function openScene(cloud: Cloud, signal: AbortSignal): Promise<Scene | undefined> {
  const { account, region } = cloud;
  if (account === undefined) return undefined;
  const senders = createSenders(cloud, signal);
  try {
    const { Arn: arn = '' } = await senders.sts.send(new GetCallerIdentityCommand({}));
    const caller = await identify({ arn, cloud, senders });
    return {
      ...{ cloud, account, region, caller, senders, signal },
      partition: partitionOf(region).id,
      async [Symbol.asyncDispose]() {
        senders.destroy();
      },
    };
  } catch (error) {
    senders.destroy();
    throw error;
  }
}

/** IAM simulates users and roles, not sessions: `iam:SimulatePrincipalPolicy` takes the role behind one. */
async function identify({
  arn,
  cloud,
  senders: { iam },
}: Pick<Scene, 'cloud' | 'senders'> & { readonly arn: string }): Promise<Caller> {
  if (/:user\//.test(arn)) return { arn, source: arn };
  const [, partition, account, name] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (name === undefined) return { arn, unprovable: `IAM simulates users and roles, and this is ${arn}` };
  const source = await iam.send(new GetRoleCommand({ RoleName: name })).then(
    ({ Role }) => Role?.Arn,
    (error: unknown) => {
      if (!isAwsCallError(error)) throw error;
      // Right unless the role has a path, and then IAM does not find it.
      return `arn:${partition}:iam::${account}:role/${name}`;
    },
  );
  return {
    arn,
    ...(source !== undefined && { source }),
    ...((await mayBeNarrowed(cloud)) && {
      unprovable: 'these credentials are of a session whose own policy, if it has one, cannot be seen',
    }),
  };
}

/** Sources of the SDK that ask for sessions without a policy of their own. */
const withoutSessionPolicy: readonly string[] = [
  'CREDENTIALS_HTTP',
  'CREDENTIALS_IMDS',
  'CREDENTIALS_PROFILE_SSO',
  'CREDENTIALS_PROFILE_SSO_LEGACY',
  'CREDENTIALS_SSO',
  'CREDENTIALS_SSO_LEGACY',
  'CREDENTIALS_STS_ASSUME_ROLE',
  'CREDENTIALS_STS_ASSUME_ROLE_WEB_ID',
];

/** A session that somebody else began may have less than its role: nobody can ask for its policy. */
async function mayBeNarrowed({ connection }: Cloud): Promise<boolean> {
  if (connection.role) return false;
  const { $source: source = {} } = (await connection.credentials()) as { $source?: object };
  return !withoutSessionPolicy.some((name) => Object.hasOwn(source, name));
}
