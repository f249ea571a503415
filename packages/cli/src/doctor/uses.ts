import type { PolicyDocument } from '@ec2-image/iam-policy';

/** A key that snapshots or objects are encrypted with. AWS's own are everybody's, through their service. */
export interface KeyFacts {
  readonly arn: string;
  /** Whose it is. */
  readonly account: string;
  /** `unknown`: it may not be read. */
  readonly policy: PolicyDocument | 'unknown';
}

export interface RoleUse {
  readonly role: string;
  readonly bucket?: string;
  readonly keyPrefix: string;
  /** The bucket's own; `unknown`: it may not be read. */
  readonly bucketPolicy?: PolicyDocument | 'unknown' | undefined;
  /** Of the uploaded objects. */
  readonly objectKey?: KeyFacts | undefined;
  /** Of the snapshots. */
  readonly snapshotKey?: KeyFacts | undefined;
}
