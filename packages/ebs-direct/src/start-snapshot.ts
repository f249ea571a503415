import { type EBSClient, StartSnapshotCommand, type StartSnapshotCommandInput } from '@aws-sdk/client-ebs';
import { type CallOptions, isAwsCallError, policies, retry, withKmsKey } from '@ec2-image/aws-call';
import { blockSizeBytes } from '@ec2-image/disk-blocks';
import { type Tags, tagList } from '@ec2-image/provenance';
import { EbsDirectError } from './errors.ts';
import type { Ebs } from './senders.ts';
import { volumeSizeGiB } from './volume-size.ts';

export interface StartSnapshotOptions extends CallOptions {
  /** With `maxAttempts: 1`: its calls are repeated here, where throttling has to be seen. */
  readonly ebs: EBSClient;
  /** Of the disk. The volume is the next whole GiB. */
  readonly sizeBytes: number;
  /** Nothing that varies between runs: the token would be refused. */
  readonly tags: Tags;
  readonly description?: string;
  readonly encrypted?: boolean;
  readonly kmsKeyArn?: string;
}

export interface StartedSnapshot {
  readonly snapshotId: string;
  readonly clientToken: string;
  readonly status: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** That it is encrypted with, by whoever's wish. */
  readonly kmsKeyArn?: string;
}

/** Minutes that a pending snapshot may receive no block before EBS ends it as failed (10 to 4320): a day to resume. */
const idleTimeoutMinutes = 24 * 60;

/** Whether the call that failed so may have started a snapshot all the same. */
export class StartFailed extends Error {
  override readonly cause: unknown;
  readonly isUnclear: boolean;

  constructor(cause: unknown, { isUnclear }: { readonly isUnclear: boolean }) {
    super('not started');
    this.cause = cause;
    this.isUnclear = isUnclear;
  }
}

/**
 * A new snapshot, or the one that an earlier call with this token has started.
 *
 * @throws StartFailed; EbsDirectError `SNAPSHOT_MISMATCH`
 */
export async function startSnapshot(
  ebs: Ebs,
  { sizeBytes, tags, description, encrypted, kmsKeyArn }: StartSnapshotOptions,
  clientToken: string,
): Promise<StartedSnapshot> {
  const input: StartSnapshotCommandInput = {
    VolumeSize: volumeSizeGiB(sizeBytes),
    Tags: tagList(tags),
    Description: description,
    ClientToken: clientToken,
    Timeout: idleTimeoutMinutes,
    Encrypted: encrypted,
    KmsKeyArn: kmsKeyArn,
  };
  let isUnclear = false;
  const noteUnclear = (error: unknown): never => {
    isUnclear ||= isAwsCallError(error, 'AWS_UNREACHABLE');
    throw error;
  };
  const { SnapshotId, Status, BlockSize, StartTime, KmsKeyArn } = await retry(ebs, {
    policy: policies.ebsCall,
    // One attempt a call: what is unclear about any of them has to be seen.
    call: () => ebs.send(new StartSnapshotCommand(input), { retry: false }).catch(noteUnclear),
  }).catch((error: unknown) => {
    ebs.signal?.throwIfAborted();
    throw new StartFailed(withKmsKey(error, kmsKeyArn), { isUnclear });
  });
  if (SnapshotId === undefined || (BlockSize ?? blockSizeBytes) !== blockSizeBytes) {
    throw new EbsDirectError(
      'SNAPSHOT_MISMATCH',
      `EBS started ${SnapshotId} with blocks of ${BlockSize} bytes, not ${blockSizeBytes}`,
      {
        hint: 'Use --via s3, and report this.',
        facts: { snapshotId: SnapshotId, blockSize: BlockSize },
      },
    );
  }
  return {
    snapshotId: SnapshotId,
    clientToken,
    status: Status ?? 'pending',
    startedAt: StartTime?.getTime() ?? ebs.now(),
    kmsKeyArn: KmsKeyArn ?? kmsKeyArn,
  };
}
