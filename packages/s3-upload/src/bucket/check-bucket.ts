import { GetBucketLocationCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { httpStatusOf, isAboutCredentials, isAwsCallError, isOutage, isTransient } from '@ec2-image/aws-call';
import { createS3, type S3, type S3Options } from '../call/s3.ts';
import { S3UploadError } from '../errors.ts';

/**
 * Checks that EC2 can import from the bucket: it exists, is the expected account's, these credentials reach it, and it is
 * in the region of the import, which S3 and EC2 must share.
 *
 * @throws S3UploadError `NO_SUCH_BUCKET`, `BUCKET_ELSEWHERE` (field `bucketRegion`), `BUCKET_NOT_YOURS`,
 * `BUCKET_ACCESS_DENIED`, and those of any call
 */
export async function checkBucket(
  options: S3Options & { readonly bucket: string; readonly region: string },
): Promise<void> {
  const s3 = createS3(options);
  const { bucket, region, expectedBucketOwner } = options;
  const elsewhere = (bucketRegion: string | undefined) => {
    if (bucketRegion && bucketRegion !== region) throw bucketElsewhere({ bucket, bucketRegion, region });
  };
  try {
    const { BucketRegion } = await s3.send(
      new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: expectedBucketOwner }),
    );
    elsewhere(BucketRegion ?? (await locate(s3, options)));
  } catch (error) {
    elsewhere(regionOfAnswer(error));
    if (httpStatusOf(error) === 404) throw noSuchBucket(bucket, error);
    if (isTransient(error) || !isRefused(error)) throw error;
    throw await whyRefused(s3, { bucket, expectedBucketOwner, error: error as Error });
  }
}

/** The region of a bucket, whoever owns it; undefined where S3 does not tell. */
export async function findBucketRegion(
  options: S3Options & { readonly bucket: string },
): Promise<string | undefined> {
  const s3 = createS3(options);
  try {
    const { BucketRegion } = await s3.send(
      new HeadBucketCommand({ Bucket: options.bucket, ExpectedBucketOwner: options.expectedBucketOwner }),
    );
    return BucketRegion;
  } catch (error) {
    s3.signal?.throwIfAborted();
    return regionOfAnswer(error);
  }
}

function isRefused(error: unknown): boolean {
  return httpStatusOf(error) === 403 || httpStatusOf(error) === 400;
}

/** An answer to HEAD has no body, so that the reason is asked for by a call that has one. */
async function whyRefused(
  s3: S3,
  { bucket, expectedBucketOwner, error }: { bucket: string; expectedBucketOwner?: string; error: Error },
): Promise<unknown> {
  const facts = { bucket, expectedBucketOwner };
  const reason = await locationRefusal(s3, { bucket, expectedBucketOwner });
  if (isAboutCredentials(reason)) return reason;
  // A refusal that lasts, and only where the owner is named: a transient one says nothing about the owner.
  if (reason && expectedBucketOwner !== undefined && (await answersWithout(s3, bucket))) {
    return new S3UploadError(
      'BUCKET_NOT_YOURS',
      `bucket ${bucket} does not belong to account ${expectedBucketOwner}`,
      {
        hint: 'Name a bucket of that account, or the account that owns this one with --bucket-owner.',
        cause: error,
        facts,
      },
    );
  }
  return new S3UploadError(
    'BUCKET_ACCESS_DENIED',
    `these credentials may not use bucket ${bucket}: ${error.message}`,
    {
      hint: 'Allow s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts on its objects; or check whether the bucket belongs to another account.',
      cause: error,
      facts,
    },
  );
}

async function locationRefusal(
  s3: S3,
  { bucket, expectedBucketOwner }: { bucket: string; expectedBucketOwner?: string },
): Promise<unknown> {
  try {
    await s3.send(new GetBucketLocationCommand({ Bucket: bucket, ExpectedBucketOwner: expectedBucketOwner }));
    return undefined;
  } catch (error) {
    s3.signal?.throwIfAborted();
    return error;
  }
}

async function answersWithout(s3: S3, bucket: string): Promise<boolean> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch {
    s3.signal?.throwIfAborted();
    return false;
  }
}

/** For a service that leaves the header out. Undefined where it will not tell, which S3 itself always does. */
async function locate(
  s3: S3,
  { bucket, expectedBucketOwner }: { bucket: string; expectedBucketOwner?: string },
): Promise<string | undefined> {
  try {
    const { LocationConstraint } = await s3.send(
      new GetBucketLocationCommand({ Bucket: bucket, ExpectedBucketOwner: expectedBucketOwner }),
    );
    return regionOfConstraint(LocationConstraint);
  } catch (error) {
    s3.signal?.throwIfAborted();
    if (isTransient(error) || isOutage(error)) throw error;
    return undefined;
  }
}

/** The oldest region has no constraint, and the second has two names (S3 API Reference, GetBucketLocation). */
function regionOfConstraint(constraint: string | undefined): string {
  if (!constraint) return 'us-east-1';
  return constraint === 'EU' ? 'eu-west-1' : constraint;
}

/** S3 names the bucket's region in every answer, refusals and redirects included. */
function regionOfAnswer(error: unknown): string | undefined {
  const cause = isAwsCallError(error) ? error.cause : undefined;
  const { $response } = (cause ?? {}) as { $response?: { headers?: Record<string, string> } };
  return $response?.headers?.['x-amz-bucket-region'];
}

function noSuchBucket(bucket: string, cause: unknown): S3UploadError {
  return new S3UploadError('NO_SUCH_BUCKET', `bucket ${bucket} does not exist`, {
    hint: 'Create it in the region of the import, or correct its name.',
    cause,
    facts: { bucket },
  });
}

function bucketElsewhere(facts: { bucket: string; bucketRegion: string; region: string }): S3UploadError {
  const { bucket, bucketRegion, region } = facts;
  return new S3UploadError(
    'BUCKET_ELSEWHERE',
    `bucket ${bucket} is in ${bucketRegion}, the import in ${region}`,
    {
      hint: `EC2 imports only from a bucket of its own region: use --region ${bucketRegion}, or a bucket in ${region}.`,
      facts,
    },
  );
}
