import { type ExplainedError, isExplained } from '@ec2-image/explained-error';
import type { ProofExtent } from '@ec2-image/provenance';
import type { StoredObject } from '@ec2-image/s3-upload';

/** How far it was shown that a snapshot is made of what is in the image. */
export interface SnapshotProof {
  readonly extent: ProofExtent;
  /** What made the bytes that were imported, with its version, where that is known. */
  readonly converter?: string;
  /** Undefined where an earlier run made the proof, or nobody. */
  readonly madeAt?: Date;
  /** How long before the end of the import task it was made; negative where the task had ended before. */
  readonly secondsBeforeImportEnd?: number;
}

/** What a disk is to be proven equal to, and how much of it is to be read for that. */
export interface ProveDiskOptions {
  readonly object: Pick<StoredObject, 'size' | 'checksum'>;
  readonly extent: 'full' | 'sample';
  /** This run sent the object from this very disk. */
  readonly isOwn: boolean;
  /** Of a sample. */
  readonly seed: number;
  readonly signal: AbortSignal;
  /** In bytes. */
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A proof has failed, or is impossible: what was to be proven is useless. */
export class FailedProof extends Error {
  readonly because: ExplainedError;
  /** False where nothing is known to be wrong, and nothing can be known. */
  readonly isWrong: boolean;
  /** Of the import, where it is complete. */
  readonly snapshotId: string | undefined;

  constructor(
    because: ExplainedError,
    { isWrong = true, snapshotId }: { readonly isWrong?: boolean; readonly snapshotId?: string } = {},
  ) {
    super(because.message, { cause: because });
    this.because = because;
    this.isWrong = isWrong;
    this.snapshotId = snapshotId;
  }
}

/**
 * The image was verified: it is the disk that has changed on its way, or since an earlier run wrote it; perhaps so that
 * it cannot even be read. Or what makes it stumbled over the image.
 */
export function isDamagedDisk(error: unknown): error is ExplainedError {
  return isExplained(error) && damagedCodes.has(error.code);
}

const damagedCodes: ReadonlySet<string> = new Set([
  'COMPARISON_FAILED',
  'DAMAGED_CLUSTER',
  'DISK_DIFFERS',
  'WORKER_FAILED',
]);

/** What shows that the snapshot, or what it is made from, is not the image: the other errors say that nobody knows. */
export function isWrongContent(error: unknown): error is ExplainedError {
  return isDamagedDisk(error) || (isExplained(error) && wrongCodes.has(error.code));
}

const wrongCodes: ReadonlySet<string> = new Set(['ABSENT_BLOCKS', 'IMAGE_CHANGED', 'SNAPSHOT_DIFFERS']);
