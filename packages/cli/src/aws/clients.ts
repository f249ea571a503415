import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Connection } from './connection.ts';
import { observeCalls } from './observe-calls.ts';
import { createRequestHandler } from './request-handler.ts';
import type { ServiceId } from './shared-config.ts';

export interface Clients {
  readonly s3: S3Client;
  readonly ec2: EC2Client;
  readonly sts: STSClient;
  readonly iam: IAMClient;
}

/** The SDK's clients, set up alike. */
export function createClients(connection: Connection): Clients {
  const clients = {
    s3: new S3Client({ ...clientSettings(connection, 'S3'), ...s3Settings(connection) }),
    ec2: new EC2Client(clientSettings(connection, 'EC2')),
    sts: new STSClient(clientSettings(connection, 'STS')),
    iam: new IAMClient(clientSettings(connection, 'IAM')),
  };
  for (const client of Object.values(clients)) observeCalls(client, connection);
  return clients;
}

/** What every client of the SDK is given; the janitor makes clients of further services with it. */
export function clientSettings(connection: Connection, service: ServiceId) {
  const { region, profile, credentials, maxAttempts, retryMode } = connection;
  const endpoint = connection.endpoint(service);
  return {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
    credentials,
    maxAttempts,
    retryMode,
    requestHandler: createRequestHandler(connection) as unknown as NodeHttpHandler,
  };
}

/** Path-style addresses wherever the endpoint is not AWS's own: `bucket.localhost` resolves on few machines. */
export function s3Settings(connection: Connection) {
  const isCustom = connection.endpoint('S3') !== undefined;
  return { ...(isCustom && { forcePathStyle: true }), expectContinueHeader: false };
}
