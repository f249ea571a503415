import type { XmlElements } from '../../query/xml.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { type S3ErrorCode, s3Error } from '../errors.ts';
import type { Operation } from '../s3-call.ts';
import { xmlResponse } from '../xml.ts';

/**
 * What a bucket says of settings that nobody has touched. None of them can be set here, so these are the whole truth;
 * ACLs cannot be set in AWS either, where a bucket has them disabled as it does from the start.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingBucket.html
 */
export const bucketSettings: Readonly<Record<string, Operation>> = {
  GetBucketAccelerateConfiguration: answering('AccelerateConfiguration', {}),
  GetBucketCors: refusing('NoSuchCORSConfiguration'),
  GetBucketLogging: answering('BucketLoggingStatus', {}),
  GetBucketNotificationConfiguration: answering('NotificationConfiguration', {}),
  GetBucketOwnershipControls: answering('OwnershipControls', {
    Rule: { ObjectOwnership: 'BucketOwnerEnforced' },
  }),
  GetBucketPolicyStatus: refusing('NoSuchBucketPolicy'),
  GetBucketReplication: refusing('ReplicationConfigurationNotFoundError'),
  GetBucketRequestPayment: answering('RequestPaymentConfiguration', { Payer: 'BucketOwner' }),
  GetBucketTagging: refusing('NoSuchTagSet'),
  GetBucketWebsite: refusing('NoSuchWebsiteConfiguration'),
  GetObjectLockConfiguration: refusing('ObjectLockConfigurationNotFoundError'),
  PutBucketAcl: refusing('AccessControlListNotSupported'),
  PutObjectAcl: refusing('AccessControlListNotSupported'),
  GetPublicAccessBlock: answering('PublicAccessBlockConfiguration', {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  }),
};

function answering(root: string, content: XmlElements): Operation {
  return (call) => {
    openBucket(call);
    return xmlResponse(root, content);
  };
}

function refusing(code: S3ErrorCode): Operation {
  return (call) => {
    const { name } = openBucket(call);
    throw s3Error(code, { details: { BucketName: name } });
  };
}
