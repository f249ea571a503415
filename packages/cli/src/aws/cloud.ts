import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import {
  AwsCallError,
  type CallOptions,
  createSender,
  formatAwsError,
  isAboutCredentials,
} from '@ec2-image/aws-call';
import { UsageError } from '../errors/cli-error.ts';
import { type Clients, type ConnectionOptions, createClients } from './clients.ts';

/** One region of one account, reached. */
export interface Cloud extends Clients {
  readonly region: string;
  /** Undefined where STS does not answer, as with services that speak S3 and EC2 alone. */
  readonly account?: string;
  /** For clients of further services. */
  readonly connection: ConnectionOptions;
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
    account: await accountOf(clients, { onNotice, signal }),
  };
}

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

async function accountOf(
  { sts }: Clients,
  { onNotice, signal }: Pick<CallOptions, 'onNotice' | 'signal'>,
): Promise<string | undefined> {
  const sender = createSender({ client: sts, service: 'STS', onNotice, signal });
  try {
    return (await sender.send(new GetCallerIdentityCommand({}))).Account;
  } catch (error) {
    if (isAboutCredentials(error) || !(error instanceof AwsCallError)) throw error;
    onNotice?.(
      `cannot determine the AWS account (sts:GetCallerIdentity: ${formatAwsError(error.cause)}): the bucket's owner is not checked`,
    );
    return undefined;
  }
}
