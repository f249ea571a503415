import { rm } from 'node:fs/promises';
import { DeleteSnapshotCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { formatAwsError, hasAwsCode } from '@ec2-image/aws-error';
import { isExplained } from '@ec2-image/explained-error';
import type { Block } from './block.ts';
import { isNotFound } from './errors.ts';
import { adoptSnapshot, fillSnapshot, waitWhereRefused } from './fill-snapshot.ts';
import { noteSpentToken, readSpentTokens } from './spent-tokens.ts';
import { type StartedSnapshot, type StartSnapshotOptions, startSnapshot } from './start-snapshot.ts';

export interface WriteSnapshotOptions extends StartSnapshotOptions {
  /** Tells when the snapshot is complete, and deletes one that is given up. */
  readonly ec2: EC2Client;
  /** The blocks that are not all zeros, in order; the others are sent as zeros. Called again where the snapshot has to be started again. */
  readonly blocks: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  /** The same for the same work, for each attempt from 1: 64 characters at most. */
  readonly clientTokenFor: (attempt: number) => string;
  /** Where to note which blocks are there, so that a run after a kill sends only the others. */
  readonly journalPath?: string;
  /** Blocks under way at a time. Default 32. */
  readonly concurrency?: number;
  /** Awaited before the snapshot is completed: what it rejects with ends the run. */
  readonly beforeComplete?: () => Promise<unknown>;
  /**
   * Whether an error of `blocks` or `beforeComplete` proves that what was sent is wrong: then the snapshot is deleted.
   * After any other it is kept for the next run. Default: none does.
   */
  readonly isWrongContent?: (error: unknown) => boolean;
  /**
   * Whether the run that completed the snapshot has said so, such as by a tag that it sets afterwards. Asked of a
   * complete snapshot that this run has not completed; where it has not, the snapshot is read back.
   */
  readonly isFinished?: (snapshotId: string) => Promise<boolean>;
  /** What there is of the snapshot in the account, as it changes. */
  readonly onState?: (state: { readonly snapshotId: string; readonly state: SnapshotProgress }) => void;
  /** How long EBS may take to complete it. Default 1 hour. */
  readonly completeTimeoutMs?: number;
  /** How far into the disk, in bytes. */
  readonly onProgress?: (progress: { readonly done: number }) => void;
  readonly onNotice?: (message: string) => void;
}

export type SnapshotProgress = 'pending' | 'completing' | 'deleted';

export interface WrittenSnapshot {
  readonly snapshotId: string;
  readonly sizeGiB: number;
  /** Of the disk, those of zeros included, and of these, the ones that this run sent. */
  readonly blocks: number;
  readonly blocksSent: number;
  /**
   * SHA-256 by block index of those that are not all zeros: what `verifySnapshot` takes in place
   * of the disk. Undefined where another run has written the snapshot and this one has not read the disk.
   */
  readonly digests: ReadonlyMap<number, Buffer> | undefined;
}

/** A token may be spent on a snapshot that has been deleted since, or that cannot be used. */
const maxAttempts = 5;

/**
 * Writes a snapshot block by block, and waits until it is complete. A run with the same tokens and journal goes on
 * where an earlier one stopped, for whatever reason it did: snapshot and journal are kept, unless it is proven that what
 * was sent is wrong, or EBS has ended the snapshot. Runs side by side write the same snapshot; one completes it.
 *
 * @throws EbsDirectError `ACCESS_DENIED`, `CREDENTIALS_EXPIRED`, `CREDENTIALS_REFUSED`, `QUOTA_EXCEEDED`, `THROTTLED`, `EBS_UNREACHABLE`, `SNAPSHOT_MISMATCH`, `BLOCK_REFUSED`, `SNAPSHOT_FAILED`, `SNAPSHOT_STALLED`
 */
export async function writeSnapshot(options: WriteSnapshotOptions): Promise<WrittenSnapshot> {
  const { onState, onNotice, signal, clientTokenFor, journalPath, isWrongContent = () => false } = options;
  const spent = await readSpentTokens(journalPath);
  let started = 0;
  for (let attempt = 1; ; attempt += 1) {
    const clientToken = clientTokenFor(attempt);
    if (attempt <= spent.size && spent.has(clientToken)) continue;
    const snapshot = await startSnapshot(options, clientToken);
    const { snapshotId } = snapshot;
    started += 1;
    if (snapshot.status === 'error' && started < maxAttempts) continue;
    onState?.({ snapshotId, state: 'pending' });
    try {
      return await fillOrAdopt(options, snapshot);
    } catch (error) {
      signal?.throwIfAborted();
      const { cause, isUseless } = error instanceof NotUsable ? error : { cause: error, isUseless: false };
      if (isUseless || hasFailed(cause) || isWrongContent(cause)) await discard(options, snapshot);
      const isGone = isNotFound(cause);
      if (isGone) onState?.({ snapshotId, state: 'deleted' });
      if (started >= maxAttempts || !(isGone || error instanceof NotUsable)) throw cause;
      onNotice?.(
        `${isGone ? `${snapshotId} was deleted` : (cause as Error).message}: starting another snapshot`,
      );
    }
  }
}

/** A snapshot that others have completed, or that EBS has ended before this run came to it: another one has to be written. */
class NotUsable extends Error {
  override readonly cause: unknown;
  /** Proven to be of use to nobody. */
  readonly isUseless: boolean;

  constructor(cause: unknown, { isUseless }: { readonly isUseless: boolean }) {
    super('not usable');
    this.cause = cause;
    this.isUseless = isUseless;
  }
}

async function fillOrAdopt(
  options: WriteSnapshotOptions,
  snapshot: StartedSnapshot,
): Promise<WrittenSnapshot> {
  if (snapshot.status !== 'completed') {
    try {
      return await fillSnapshot(options, snapshot);
    } catch (error) {
      options.signal?.throwIfAborted();
      await waitWhereRefused(options, snapshot.snapshotId, error).catch((failure: unknown) => {
        throw failure !== error && hasFailed(failure) ? new NotUsable(failure, { isUseless: true }) : failure;
      });
    }
  }
  try {
    return await adoptSnapshot(options, snapshot);
  } catch (error) {
    options.signal?.throwIfAborted();
    const code = isExplained(error) ? error.code : '';
    if (code === 'SNAPSHOT_DIFFERS') throw new NotUsable(error, { isUseless: true });
    if (['ABSENT_BLOCKS', 'ACCESS_DENIED', 'SNAPSHOT_UNREADABLE'].includes(code))
      throw new NotUsable(error, { isUseless: false });
    throw error;
  }
}

/** EBS itself has ended the snapshot: nothing becomes of it. */
function hasFailed(error: unknown): boolean {
  return isExplained(error) && error.code === 'SNAPSHOT_FAILED';
}

/** What gave the snapshot up is the error to tell: a deletion that fails too is a notice, and leaves the snapshot. */
async function discard(
  { ec2, journalPath, onNotice, onState }: WriteSnapshotOptions,
  { snapshotId, clientToken }: StartedSnapshot,
): Promise<void> {
  try {
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId }));
  } catch (error) {
    if (!hasAwsCode(error, 'InvalidSnapshot.NotFound')) {
      onNotice?.(`${snapshotId}, which is of no use, could not be deleted: ${formatAwsError(error)}`);
      return;
    }
  }
  onState?.({ snapshotId, state: 'deleted' });
  if (journalPath === undefined) return;
  await noteSpentToken(journalPath, clientToken);
  await rm(journalPath, { force: true });
}
