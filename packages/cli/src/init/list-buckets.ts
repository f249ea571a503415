import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { createSender } from '@ec2-image/aws-call';
import { clientSettings, s3Settings } from '../aws/clients.ts';
import type { ConnectionOptions } from '../aws/connection.ts';
import { openConnection } from '../aws/open-connection.ts';

/** More of them nobody reads: one has to be typed. */
const maxBuckets = 100;

/** Names of the account's buckets: of one region, where that is known. */
export async function listBuckets(
  options: ConnectionOptions,
  { region, signal }: { readonly region?: string; readonly signal: AbortSignal },
): Promise<string[]> {
  const connection = await openConnection({ ...options, region: region ?? options.region ?? 'us-east-1' });
  const client = new S3Client({ ...clientSettings(connection, 'S3'), ...s3Settings(connection) });
  try {
    const s3 = createSender({ client, service: 'S3', signal });
    const { Buckets = [] } = await s3.send(
      new ListBucketsCommand({
        MaxBuckets: maxBuckets,
        ...(region !== undefined && { BucketRegion: region }),
      }),
    );
    return Buckets.flatMap(({ Name }) => Name ?? []);
  } finally {
    client.destroy();
  }
}
