import type { Snapshot as Ec2Snapshot } from '@aws-sdk/client-ec2';
import { type SnapshotOrigin, snapshotOrigin, type Tags, tagRecord } from '@ec2-image/provenance';

/** A complete EBS snapshot of the disk. */
export interface Snapshot {
  readonly snapshotId: string;
  /** What a volume made from it needs at least. */
  readonly sizeGiB: number;
  /** The task that made it, where that is known. */
  readonly importTaskId?: string;
  readonly encrypted?: boolean;
  /** Another run was there first, and has tagged it: its tags say what it is proven by. */
  readonly isOfAnotherRun?: true;
}

/** A snapshot as EC2 reports it, complete or not. */
export interface SnapshotFacts extends Snapshot {
  readonly state: string;
  readonly stateMessage?: string;
  readonly percent?: number;
  readonly ownerId?: string;
  readonly kmsKeyId?: string;
  readonly archived: boolean;
  readonly startedAt?: Date;
  /** As its description tells: the only trace of the task once that is no longer listed. */
  readonly origin: SnapshotOrigin;
  readonly tags: Tags;
}

export function snapshotFacts(snapshot: Ec2Snapshot): SnapshotFacts {
  const percent = Number.parseFloat(snapshot.Progress ?? '');
  const origin = snapshotOrigin(snapshot);
  return {
    snapshotId: snapshot.SnapshotId ?? '',
    sizeGiB: snapshot.VolumeSize ?? 0,
    importTaskId: origin.kind === 'import' ? origin.taskId : undefined,
    encrypted: snapshot.Encrypted,
    state: snapshot.State ?? 'unknown',
    stateMessage: snapshot.StateMessage || undefined,
    percent: Number.isNaN(percent) ? undefined : percent,
    ownerId: snapshot.OwnerId,
    kmsKeyId: snapshot.KmsKeyId || undefined,
    archived: snapshot.StorageTier === 'archive',
    startedAt: snapshot.StartTime,
    origin,
    tags: tagRecord(snapshot.Tags),
  };
}

export function snapshotOf({ snapshotId, sizeGiB, importTaskId, encrypted }: SnapshotFacts): Snapshot {
  return { snapshotId, sizeGiB, importTaskId, encrypted };
}

/** EBS counts in whole GiB, rounded up. */
export function sizeGiBOf(virtualSizeBytes: number): number {
  return Math.ceil(virtualSizeBytes / 2 ** 30);
}
