import { s3Error } from '../errors.ts';
import { headerOf, type S3Call } from '../s3-call.ts';
import { refuseInvalidBucketName } from './bucket-name.ts';
import { type Bucket, findBucket } from './bucket-table.ts';

/**
 * The bucket that a call is about, once S3 would let the caller at it: it exists, in the region that the request was
 * signed for, and belongs to the caller and to the expected owner.
 *
 * The region of the signature is taken for the endpoint's, as the emulator has one address for all regions.
 */
export function openBucket(call: S3Call, { anyRegion = false } = {}): Bucket {
  const { bucketName: name, request, store } = call;
  const bucket = findBucket(store, name);
  if (!bucket) {
    refuseInvalidBucketName(name);
    throw s3Error('NoSuchBucket', { details: { BucketName: name } });
  }
  if (!anyRegion && bucket.region !== request.region) throw wrongRegion(bucket, call);
  refuseOtherOwner(bucket, call);
  return bucket;
}

/** A second bucket that the call reads from. */
export function openSourceBucket(call: S3Call, name: string): Bucket {
  const bucket = findBucket(call.store, name);
  if (!bucket) throw s3Error('NoSuchBucket', { details: { BucketName: name } });
  refuseOtherOwner(bucket, call, 'x-amz-source-expected-bucket-owner');
  return bucket;
}

function refuseOtherOwner(bucket: Bucket, { request }: S3Call, header = 'x-amz-expected-bucket-owner'): void {
  const expected = headerOf(request.headers, header);
  if (expected !== undefined && !/^\d{12}$/.test(expected)) throw s3Error('InvalidBucketOwnerAWSAccountID');
  if (bucket.owner !== request.accountId || (expected !== undefined && expected !== bucket.owner)) {
    throw s3Error('AccessDenied', { headers: { 'x-amz-bucket-region': bucket.region } });
  }
}

/** By its host name the request would have reached the right region, where only the signature is wrong. */
function wrongRegion(bucket: Bucket, { request, virtualHosted }: S3Call) {
  const headers = { 'x-amz-bucket-region': bucket.region };
  return virtualHosted
    ? s3Error('AuthorizationHeaderMalformed', {
        message: `The authorization header is malformed; the region '${request.region}' is wrong; expecting '${bucket.region}'`,
        details: { Region: bucket.region },
        headers,
      })
    : s3Error('PermanentRedirect', {
        details: {
          Endpoint: `${bucket.name}.s3.${bucket.region}.amazonaws.com`,
          Bucket: bucket.name,
        },
        headers,
      });
}
