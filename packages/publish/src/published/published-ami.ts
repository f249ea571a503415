import type { Tags } from '@ec2-image/provenance';
import type { Audience, Grantee } from '../audience.ts';
import type { ParameterValue } from '../parameters/read-parameters.ts';

export type Protection = 'enabled-with-cooldown' | 'enabled-without-cooldown' | 'disabled';

export interface ConfiguredParameter {
  readonly name: string;
  /** It names the newest AMI of the stream, and moves last. */
  readonly latest: boolean;
}

/** What an AMI is to be in one region. What is undefined stays as it is. */
export interface ConfiguredAmi {
  readonly audience?: Audience;
  /** Milliseconds since 1970; EC2 keeps whole minutes. */
  readonly deprecateAt?: number;
  readonly protection?: Protection;
  readonly parameters: readonly ConfiguredParameter[];
}

export interface PublishedSnapshot {
  readonly snapshotId: string;
  readonly encrypted: boolean;
  /** Of an encrypted one: the ARN of its key. */
  readonly kmsKeyId?: string;
  readonly grantees: readonly Grantee[];
  /** Another AMI of the account is made of it: what that one needs of it is not known here. */
  readonly isSharedByAmis: boolean;
}

/** What an AMI is in one region, as EC2 and SSM tell it. */
export interface PublishedAmi {
  readonly region: string;
  readonly imageId: string;
  readonly name: string;
  /** EC2's own word: `available`, `pending`, `failed`, `disabled`… */
  readonly state: string;
  readonly architecture?: string;
  readonly ownerId?: string;
  readonly creationDate?: string;
  readonly tags: Tags;
  readonly snapshots: readonly PublishedSnapshot[];
  readonly grantees: readonly Grantee[];
  /** Milliseconds since 1970. */
  readonly deprecatedAt?: number;
  /** EC2's own words; turned off, it may hold for another day: `disabled until …`. */
  readonly protection: string;
  /** Those that were asked for. */
  readonly parameters: readonly ParameterValue[];
}
