import type { ImportSnapshotTask } from '@aws-sdk/client-ec2';
import { type Tags, tagRecord } from '@ec2-image/provenance';

/** An import task as EC2 reports it, with what it leaves out left out and its empty strings gone. */
export interface ImportTask {
  readonly importTaskId: string;
  /** As reported: EC2 documents no list of them. */
  readonly status: string;
  readonly message?: string;
  readonly percent?: number;
  readonly snapshotId?: string;
  /** As reported, in upper case on AWS. */
  readonly format?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly encrypted?: boolean;
  readonly kmsKeyId?: string;
  /** Undefined where none were reported, which is not the same as none. */
  readonly tags?: Tags;
  /** Of the object, once it has been inspected. */
  readonly diskImageSize?: number;
}

export function importTaskOf(task: ImportSnapshotTask): ImportTask {
  const detail = task.SnapshotTaskDetail ?? {};
  const percent = Number.parseFloat(detail.Progress ?? '');
  const { Status = '', StatusMessage, DiskImageSize, SnapshotId } = detail;
  return {
    importTaskId: task.ImportTaskId ?? '',
    status: Status.toLowerCase(),
    message: StatusMessage || undefined,
    percent: percent >= 0 && percent <= 100 ? percent : undefined,
    snapshotId: SnapshotId || undefined,
    format: detail.Format || undefined,
    bucket: detail.UserBucket?.S3Bucket || undefined,
    key: detail.UserBucket?.S3Key || undefined,
    encrypted: detail.Encrypted,
    kmsKeyId: detail.KmsKeyId || undefined,
    tags: task.Tags && task.Tags.length > 0 ? tagRecord(task.Tags) : undefined,
    diskImageSize: DiskImageSize || undefined,
  };
}

/**
 * `ending` is on its way to `failed`: the reason may still be missing, and its snapshot still be there.
 * `running` holds every status that nobody has seen yet, too.
 */
export type TaskState = 'running' | 'ending' | 'failed' | 'completed';

const states: ReadonlyMap<string, TaskState> = new Map([
  ['pending', 'running'],
  ['active', 'running'],
  ['completed', 'completed'],
  // Documented of imports of images, which are tasks of the same service:
  // https://docs.aws.amazon.com/vm-import/latest/userguide/vmimport-image-import.html#check-import-task-status
  ['validating', 'running'],
  ['validated', 'running'],
  ['converting', 'running'],
  ['updating', 'running'],
  ['deleting', 'ending'],
  ['cancelling', 'ending'],
  ['deleted', 'failed'],
  ['cancelled', 'failed'],
  // The one status the SDK's own waiter fails on; AWS has not been seen to use it.
  ['error', 'failed'],
]);

export function taskState({ status }: Pick<ImportTask, 'status'>): TaskState {
  return states.get(status) ?? 'running';
}

export function isKnownStatus(status: string): boolean {
  return states.has(status);
}

/**
 * Why an import failed, as far as its message tells. `validation` has been seen on good disks that imported on the
 * next try; of `unknown` nothing is known, so that is retried as well. All others stay as they are until somebody acts.
 */
export type FailureKind =
  | 'kms'
  | 'permission'
  | 'bucket-region'
  | 'object-missing'
  | 'format'
  | 'cancelled'
  | 'validation'
  | 'unknown';

// In order: `Disk validation failed [We do not have access …]` is a matter of permission, not of the disk.
const patterns: readonly (readonly [FailureKind, RegExp])[] = [
  // Of the snapshot's key, or of the bucket's: the message rarely tells which.
  ['kms', /\bkms\b/i],
  [
    'permission',
    /service role|sufficient permission|do(es)? not have access|\b403\b|forbidden|access ?denied|not authorized/i,
  ],
  ['bucket-region', /not local to the region|is not in the .* region/i],
  [
    'object-missing',
    /\b404\b|no ?such ?(key|bucket)|(object|bucket|key)\b.* (does not exist|not found)|invalid s3 source location/i,
  ],
  [
    'format',
    /unsupported .*format|unsupported compression|footers not identical|uncompressed data has invalid length|invalid format/i,
  ],
  ['cancelled', /cancel/i],
  ['validation', /disk validation failed/i],
];

export function failureKind({ status, message = '' }: { status?: string; message?: string }): FailureKind {
  const kind = patterns.find(([, pattern]) => pattern.test(message))?.[0];
  return kind ?? (status === 'cancelled' || status === 'cancelling' ? 'cancelled' : 'unknown');
}

export function isWorthRetrying(kind: FailureKind): boolean {
  return kind === 'validation' || kind === 'unknown';
}
