import type { CallOptions } from '@ec2-image/aws-call';
import type { SignS3Request } from '@ec2-image/fetch';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import { UsageError } from '../errors/cli-error.ts';
import { findAccount } from './account.ts';
import { type Clients, createClients } from './clients.ts';
import type { Connection, ConnectionOptions } from './connection.ts';
import { createDenialDecoder } from './decode-denial.ts';
import { callOptions } from './observe-calls.ts';
import { openConnection } from './open-connection.ts';
import { createS3Signer } from './sign-s3.ts';

/** One region of one account, reached. */
export interface Cloud extends Clients {
  readonly region: string;
  /** Undefined where STS does not answer, and the user allowed that. */
  readonly account?: string;
  /** For clients of further services. */
  readonly connection: Connection;
  /** For images in buckets. */
  readonly signS3: SignS3Request;
  /** For every verb. */
  readonly calls: Pick<CallOptions, 'outageTimeoutMs' | 'clock' | 'decodeDenial'>;
}

export interface OpenCloudOptions extends ConnectionOptions, Pick<CallOptions, 'onNotice' | 'signal'> {
  readonly allowUnknownAccount: boolean;
}

/**
 * Makes the clients and asks whose credentials they are.
 *
 * @param shared credentials that another region of the same session uses already
 * @throws UsageError `REGION_MISSING`, and what {@link openConnection} throws; CliError `ACCOUNT_UNKNOWN`,
 * `REGION_NOT_ENABLED`; AwsCallError where there are no credentials or AWS rejects them
 */
export async function openCloud(
  { onNotice, signal, allowUnknownAccount, ...options }: OpenCloudOptions,
  shared?: AwsCredentialIdentityProvider,
): Promise<Cloud> {
  const opened = await openConnection(options, { shared, signal });
  const { region } = opened;
  if (region === undefined) {
    throw new UsageError('REGION_MISSING', 'no region is given', {
      hint: 'Give --region, set AWS_REGION, or write region: into the configuration.',
    });
  }
  const connection = { ...opened, region };
  const clients = createClients(connection);
  const account = await findAccount(clients, { connection, allowUnknownAccount, onNotice, signal });
  const decodeDenial = createDenialDecoder(clients.sts, callOptions(connection));
  const calls = { ...callOptions(connection), decodeDenial };
  const signS3 = createS3Signer({ connection, client: clients.s3, calls: { ...calls, onNotice, signal } });
  return { ...clients, region, connection, calls, account, signS3 };
}
