import { EBSClient } from '@aws-sdk/client-ebs';
import { createUndiciHandler } from '@ec2-image/ebs-direct';
import { clientSettings } from './clients.ts';
import type { Connection } from './connection.ts';
import { observeCalls } from './observe-calls.ts';

/** Blocks under way at a time, and a few calls beside them. */
const connections = 40;

/** A client for thousands of blocks, on a lean transport. */
export function createEbsClient(connection: Connection): EBSClient {
  const client = new EBSClient({
    ...clientSettings(connection, 'EBS'),
    requestHandler: createUndiciHandler({
      connections,
      requestTimeoutMs: connection.requestTimeoutMs,
      ...connection.network,
    }),
    // Each call is tried again by who makes it: the number of blocks under way adapts to throttling, which it has to see.
    maxAttempts: 1,
    retryMode: 'standard',
  });
  observeCalls(client, connection);
  return client;
}
