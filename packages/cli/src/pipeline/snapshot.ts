import type { ExpectedContent } from '@ec2-image/ebs-direct';
import type { Snapshot } from '@ec2-image/ec2-import';
import type { StoredObject } from '@ec2-image/s3-upload';
import type { SnapshotProof } from './snapshot-proof.ts';
import type { StartedDisk } from './started-disk.ts';

export interface ObtainedObject {
  readonly object: StoredObject;
  /** Known where the disk is at hand. */
  readonly virtualSizeBytes?: number;
  /** What this run has sent it from; to be disposed of by whoever asked for the object. */
  readonly disk?: StartedDisk;
}

export interface ObtainedSnapshot extends Snapshot {
  /** This run made it. Default false: it was there. */
  readonly isOwn?: boolean;
  /** What it has to hold, where that was seen while it was written. */
  readonly content?: ExpectedContent;
}

/** A complete snapshot before its effects: see `effects.ts`. */
export interface CompleteSnapshot {
  readonly snapshot: ObtainedSnapshot;
  /** What it was imported from, where this run knows; undefined where it was found, or written without one. */
  readonly object?: StoredObject;
  readonly proof: SnapshotProof;
}
