import { readXmlBody } from '../body/read-xml-body.ts';
import { refuseInvalidBucketName } from '../buckets/bucket-name.ts';
import { findBucket, insertBucket } from '../buckets/bucket-table.ts';
import { s3Error } from '../errors.ts';
import type { Operation, S3Call } from '../s3-call.ts';

const legacyRegion = 'us-east-1';

export const createBucket: Operation = async (call) => {
  const { bucketName: name, request, store, now } = call;
  refuseInvalidBucketName(name);
  const configuration = await readXmlBody(call, 'CreateBucketConfiguration', { optional: true });
  const region = bucketRegion(call, configuration?.textOf('LocationConstraint'));
  const owner = request.accountId;
  if (!insertBucket(store, { name, region, owner, created_at: now() })) {
    const existing = findBucket(store, name);
    if (existing?.owner !== owner) throw s3Error('BucketAlreadyExists', { details: { BucketName: name } });
    // To its own owner us-east-1 answers as if it had just made it: how that region has always been.
    if (existing.region !== legacyRegion || request.region !== legacyRegion) {
      throw s3Error('BucketAlreadyOwnedByYou', { details: { BucketName: name } });
    }
  }
  return { status: 200, headers: { location: `/${name}` } };
};

/** The endpoint of us-east-1 makes buckets anywhere; the others in their own region alone, which must be named. */
function bucketRegion({ request }: S3Call, constraint: string | undefined): string {
  if (request.region === legacyRegion) {
    if (!constraint) return legacyRegion;
    if (constraint === legacyRegion) {
      throw s3Error('InvalidLocationConstraint', { details: { LocationConstraint: constraint } });
    }
    return constraint === 'EU' ? 'eu-west-1' : constraint;
  }
  if (constraint === request.region || (constraint === 'EU' && request.region === 'eu-west-1')) {
    return request.region;
  }
  throw s3Error('IllegalLocationConstraintException', {
    message: `The ${constraint || 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  });
}
