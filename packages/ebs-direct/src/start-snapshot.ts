import { type EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { type CallOptions, policies, retry } from '@ec2-image/aws-call';
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
}

/** Minutes that a pending snapshot may receive no block before EBS ends it as failed (10 to 4320): a day to resume. */
const idleTimeoutMinutes = 24 * 60;

/** A new snapshot, or the one that an earlier call with this token has started. */
export async function startSnapshot(
  ebs: Ebs,
  { sizeBytes, tags, description, encrypted, kmsKeyArn }: StartSnapshotOptions,
  clientToken: string,
): Promise<StartedSnapshot> {
  const { SnapshotId, Status, BlockSize, StartTime } = await retry(ebs, {
    policy: policies.ebsCall,
    call: () =>
      ebs.send(
        new StartSnapshotCommand({
          VolumeSize: volumeSizeGiB(sizeBytes),
          Tags: tagList(tags),
          Description: description,
          ClientToken: clientToken,
          Timeout: idleTimeoutMinutes,
          Encrypted: encrypted,
          KmsKeyArn: kmsKeyArn,
        }),
      ),
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
  };
}
