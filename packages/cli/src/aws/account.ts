import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import {
  AwsCallError,
  type CallOptions,
  createSender,
  formatAwsError,
  isAboutCredentials,
  isAwsCallError,
} from '@ec2-image/aws-call';
import { CliError } from '../errors/cli-error.ts';
import { type Clients, clientSettings } from './clients.ts';
import type { Connection } from './connection.ts';
import { callOptions } from './observe-calls.ts';
import { partitionOf } from './partition.ts';

export interface FindAccountOptions extends Pick<CallOptions, 'onNotice' | 'signal'> {
  readonly connection: Connection & { readonly region: string };
  /** Continue where STS does not say. */
  readonly allowUnknownAccount: boolean;
}

/** Whose credentials these are. */
export async function findAccount(
  { sts }: Clients,
  { connection, allowUnknownAccount, onNotice, signal }: FindAccountOptions,
): Promise<string | undefined> {
  const sender = createSender({ ...callOptions(connection), client: sts, service: 'STS', onNotice, signal });
  try {
    return (await sender.send(new GetCallerIdentityCommand({}))).Account;
  } catch (error) {
    if (isAwsCallError(error, 'CREDENTIALS_REFUSED')) throw (await notEnabled(connection, signal)) ?? error;
    // What is wrong with credentials or the way to AWS is so for every service.
    if (isAboutCredentials(error) || !(error instanceof AwsCallError)) throw error;
    if (ofNetwork.has(error.code) || error.facts.operation !== 'GetCallerIdentity') throw error;
    const said = `cannot determine the AWS account (sts:GetCallerIdentity: ${formatAwsError(error.cause)})`;
    if (!allowUnknownAccount) {
      throw new CliError('ACCOUNT_UNKNOWN', said, {
        hint: 'Check that STS can be reached (in a VPC, its interface endpoint); --allow-unknown-account continues without the account, and then the owner of the bucket is not checked.',
        cause: error,
        facts: { region: connection.region },
      });
    }
    onNotice?.(
      `${said}: the owner of the bucket is not checked, and other accounts' names may be taken for this one's`,
    );
    return undefined;
  }
}

const ofNetwork: ReadonlySet<string> = new Set([
  'PROXY_REFUSED',
  'PROXY_UNREACHABLE',
  'TLS_UNTRUSTED',
  'TLS_BROKEN',
]);

/**
 * A region that the account has not enabled knows none of its credentials: the region that every account of the partition
 * has tells which it is.
 */
async function notEnabled(
  connection: FindAccountOptions['connection'],
  signal: AbortSignal | undefined,
): Promise<CliError | undefined> {
  const { region } = connection;
  const { homeRegion } = partitionOf(region);
  if (region === homeRegion) return undefined;
  const client = new STSClient(clientSettings({ ...connection, region: homeRegion }, 'STS'));
  const home = createSender({ ...callOptions(connection), client, service: 'STS', signal });
  try {
    const { Account } = await home.send(new GetCallerIdentityCommand({}));
    return new CliError(
      'REGION_NOT_ENABLED',
      `${region} does not accept the credentials, which are valid in ${homeRegion}: account ${Account} has not enabled the region`,
      {
        hint: `Enable it (\`aws account enable-region --region-name ${region}\`, which takes minutes to hours), or use another region.`,
        facts: { region, account: Account },
      },
    );
  } catch {
    signal?.throwIfAborted();
    return undefined;
  } finally {
    client.destroy();
  }
}
