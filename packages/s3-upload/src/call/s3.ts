import type {
  S3Client,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-s3';
import { type CallOptions, createSender, type Sender } from '@ec2-image/aws-call';

/** What every verb of this package takes. */
export interface S3Options extends CallOptions {
  /** Brings region, credentials, endpoint, retries and the time limit of a silent connection. It is never changed. */
  readonly client: S3Client;
  /** The account that must own the bucket: S3 refuses every call on somebody else's. */
  readonly expectedBucketOwner?: string;
}

/** Where an object is, or is to be. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

export interface S3 extends Sender<ServiceInputTypes, ServiceOutputTypes, S3ClientResolvedConfig> {
  readonly client: S3Client;
}

export function createS3(options: S3Options): S3 {
  return { ...createSender({ ...options, service: 'S3' }), client: options.client };
}

/** The members that name an object in every call. */
export function addressOf({ bucket, key, expectedBucketOwner }: ObjectPlace & S3Options) {
  return { Bucket: bucket, Key: key, ExpectedBucketOwner: expectedBucketOwner };
}

export type Address = ReturnType<typeof addressOf>;
