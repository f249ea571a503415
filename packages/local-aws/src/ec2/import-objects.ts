import type { PolicyDocument } from '@ec2-image/iam-policy';
import type { ByteSource } from '@ec2-image/image-headers';

/** What an import needs of S3. */
export interface ImportObjects {
  /** Undefined if there is no such bucket. */
  bucketRegion(bucket: string): string | undefined;
  /** The bucket's own policy. */
  bucketPolicy(bucket: string): PolicyDocument | undefined;
  /** The current version. */
  find(bucket: string, key: string): ImportObject | undefined;
}

export interface ImportObject {
  readonly sizeBytes: number;
  /** Another one if the object was deleted or written again. */
  readonly identity: string;
  /** The ARN of the KMS key that it is encrypted with. */
  readonly kmsKeyId?: string | undefined;
  open(): Promise<ObjectBytes>;
}

export interface ObjectBytes extends ByteSource {
  close(): Promise<void>;
}
