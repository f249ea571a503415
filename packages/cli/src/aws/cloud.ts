import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import {
  AwsCallError,
  type CallOptions,
  createSender,
  formatAwsError,
  isAboutCredentials,
  isAwsCallError,
} from '@ec2-image/aws-call';
import { profileInUse } from '../config/check-profile.ts';
import { CliError, UsageError } from '../errors/cli-error.ts';
import { type Clients, type ConnectionOptions, callOptions, createClients } from './clients.ts';

/** One region of one account, reached. */
export interface Cloud extends Clients {
  readonly region: string;
  /** Undefined where STS does not answer, as with services that speak S3 and EC2 alone. */
  readonly account?: string;
  /** For clients of further services. */
  readonly connection: ConnectionOptions;
  /** For every verb. */
  readonly calls: Pick<CallOptions, 'outageTimeoutMs' | 'clock'>;
}

/**
 * Makes the clients and asks whose credentials they are.
 *
 * @throws UsageError `REGION_MISSING`; AwsCallError where there are no credentials or AWS rejects them
 */
export async function openCloud({
  onNotice,
  signal,
  ...connection
}: ConnectionOptions & Pick<CallOptions, 'onNotice' | 'signal'>): Promise<Cloud> {
  const clients = createClients(connection);
  const region = await regionOf(clients);
  return {
    ...clients,
    region,
    connection: { ...connection, region },
    calls: callOptions(connection),
    account: await accountOf(clients, { ...callOptions(connection), onNotice, signal }).catch(
      (error: unknown) => withoutCredentials(error, { clients, connection, signal }),
    ),
  };
}

/**
 * What the SDK says of credentials that cannot be loaded names neither the profile nor always the reason; of one that
 * refers to what no file has, it may throw anything.
 */
async function withoutCredentials(
  error: unknown,
  {
    clients,
    connection,
    signal,
  }: { readonly clients: Clients; readonly connection: ConnectionOptions; readonly signal?: AbortSignal },
): Promise<never> {
  signal?.throwIfAborted();
  const cause = await clients.sts.config.credentials().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (cause === undefined || isAwsCallError(error, 'CREDENTIALS_EXPIRED')) throw error;
  const profile = profileInUse(connection);
  const whose = profile === undefined ? 'no AWS credentials' : `AWS profile "${profile}" has no credentials`;
  const inProfile = `Complete the profile (\`aws configure --profile ${profile}\`, or \`aws sso login --profile ${profile}\`), or choose another.`;
  throw new CliError('CREDENTIALS_MISSING', `${whose} that can be used (${(cause as Error).message})`, {
    hint: profile === undefined ? missingHint : inProfile,
    cause,
    facts: { profile },
  });
}

const missingHint =
  'Choose a profile (--profile or AWS_PROFILE), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; --local needs none.';

async function regionOf({ ec2 }: Clients): Promise<string> {
  try {
    return await ec2.config.region();
  } catch (cause) {
    throw new UsageError('REGION_MISSING', 'no region is given', {
      hint: 'Give --region, set AWS_REGION, or write region: into the configuration.',
      cause,
    });
  }
}

async function accountOf({ sts }: Clients, options: CallOptions): Promise<string | undefined> {
  const sender = createSender({ ...options, client: sts, service: 'STS' });
  try {
    return (await sender.send(new GetCallerIdentityCommand({}))).Account;
  } catch (error) {
    if (isAboutCredentials(error) || !(error instanceof AwsCallError)) throw error;
    options.onNotice?.(
      `cannot determine the AWS account (sts:GetCallerIdentity: ${formatAwsError(error.cause)}): the bucket's owner is not checked`,
    );
    return undefined;
  }
}
