import { GetBucketVersioningCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { isAwsCallError } from '@ec2-image/aws-call';
import type { BucketFact } from '../facts.ts';
import type { Senders } from '../senders.ts';

export interface BucketQuery {
  readonly s3: Senders['s3'];
  readonly bucket: string;
  /** Where to ask first. */
  readonly region: string;
  readonly account: string;
}

/**
 * Where a bucket is and whether it keeps versions.
 *
 * @throws AwsCallError, for a bucket of another account too
 */
export async function readBucket(look: BucketQuery): Promise<BucketFact> {
  const region = await regionOfBucket(look);
  const { Status } = await look
    .s3(region)
    .send(new GetBucketVersioningCommand({ Bucket: look.bucket, ExpectedBucketOwner: look.account }));
  return { bucket: look.bucket, region, versioning: Status ?? 'Never' };
}

/** @throws AwsCallError, for a bucket of another account too */
export async function regionOfBucket({ s3, bucket, region, account }: BucketQuery): Promise<string> {
  const call = new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: account });
  try {
    return (await s3(region).send(call)).BucketRegion ?? region;
  } catch (error) {
    const named = regionNamedBy(error);
    if (named === undefined || named === region) throw error;
    // Asked again where it is: only there is the owner checked.
    await s3(named).send(new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: account }));
    return named;
  }
}

/** A HEAD has no body to tell: asked in the wrong region, S3 answers 301 with this header. */
function regionNamedBy(error: unknown): string | undefined {
  if (!isAwsCallError(error)) return undefined;
  const { $response } = error.cause as {
    $response?: { statusCode?: number; headers?: Record<string, string> };
  };
  return $response?.statusCode === 301 || $response?.statusCode === 400
    ? $response.headers?.['x-amz-bucket-region']
    : undefined;
}
