import type { EC2Client } from '@aws-sdk/client-ec2';
import type { Block } from '@ec2-image/disk-blocks';
import type { Ebs, Ec2 } from './senders.ts';
import type { StartSnapshotOptions } from './start-snapshot.ts';
import type { ExpectedContent } from './verify-snapshot.ts';
import type { BlockRanges } from './whole-volume.ts';

export interface WriteSnapshotOptions extends StartSnapshotOptions {
  /** Tells when the snapshot is complete, and deletes one that cannot be used. */
  readonly ec2: EC2Client;
  /**
   * The blocks that are not all zeros, in order unless there are `zeros`; the others are sent as zeros. Called again where the
   * snapshot has to be started again.
   */
  readonly blocks: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  /**
   * Where `blocks` come in any order, as those of a disk that is still arriving: blocks of zeros that are known beforehand and not
   * among them. They are sent while no other is there; with `holes`, which may not be known before the end, last.
   */
  readonly zeros?: BlockRanges;
  /**
   * The same blocks by an independent reading, in order, which runs beside the sending and again with `blocks`. Where it finds
   * others than were sent, the snapshot is not completed: `DISK_DIFFERS`. Default: nothing is compared.
   */
  readonly proof?: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  /** Whether `proof` reads a block, by its index. Default: every one. */
  readonly isProven?: (index: number) => boolean;
  /**
   * Blocks that were never written in the source of the disk: what of them `blocks` does not yield is left out, and so is
   * the rest of the volume past the disk's end. An encrypted volume reads noise there. Default: every block is sent.
   */
  readonly holes?: BlockRanges;
  /** The same for the same work, for each attempt from 1: 64 characters at most. */
  readonly clientTokenFor: (attempt: number) => string;
  /** Where to note which blocks are stored, so that a run after a kill sends only the others. */
  readonly journalPath?: string;
  /** Blocks in flight. Default 32. */
  readonly concurrency?: number;
  /** Awaited before the snapshot is completed; if it rejects, the run ends with that error. */
  readonly beforeComplete?: () => Promise<unknown>;
  /**
   * Whether an error of `blocks`, `proof` or `beforeComplete` proves that what was sent is wrong: then the snapshot is deleted.
   * After any other error the snapshot is kept for the next run. Default: none does.
   */
  readonly isWrongContent?: (error: unknown) => boolean;
  /**
   * Whether the run that completed the snapshot has marked it, such as by a tag that it sets afterwards. Called for a
   * complete snapshot that this run has not completed; an unmarked one is read back.
   */
  readonly isFinished?: (snapshotId: string) => Promise<boolean>;
  /** The state of the snapshot in the account, as it changes; before the first, one may be there that nobody knows of. */
  readonly onState?: (state: SnapshotState) => void;
  /** How long EBS may take to complete it. Default 1 hour. */
  readonly completeTimeoutMs?: number;
  /** How much of the volume is stored, in bytes; what is left out of the disk counts. */
  readonly onProgress?: (progress: { readonly done: number }) => void;
}

/** A run of `writeSnapshot`: what it was given, with the senders that its calls go through. */
export interface Writing {
  readonly options: WriteSnapshotOptions;
  readonly ebs: Ebs;
  readonly ec2: Ec2;
}

export type SnapshotState =
  | { readonly state: 'pending' | 'completing' | 'deleted'; readonly snapshotId: string }
  /** None was started, nor left by an earlier run. */
  | { readonly state: 'none'; readonly snapshotId?: undefined };

export interface WrittenSnapshot {
  readonly snapshotId: string;
  readonly sizeGiB: number;
  /** Of the volume, those of zeros included, and of these, the ones that this run sent. */
  readonly blocks: number;
  readonly blocksSent: number;
  /**
   * What it holds: `verifySnapshot` takes this in place of the disk. Undefined where another run has written the snapshot
   * and this one has not read the disk.
   */
  readonly content: ExpectedContent | undefined;
}
