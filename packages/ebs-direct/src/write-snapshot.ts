import { rm } from 'node:fs/promises';
import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { formatAwsError, hasAwsCode } from '@ec2-image/aws-call';
import { isExplained } from '@ec2-image/explained-error';
import { isNotFound } from './errors.ts';
import { adoptSnapshot, fillSnapshot, waitWhereRefused } from './fill-snapshot.ts';
import { noteSpentToken, readSpentTokens } from './spent-tokens.ts';
import { type StartedSnapshot, startSnapshot } from './start-snapshot.ts';
import type { WriteSnapshotOptions, WrittenSnapshot } from './write-snapshot-options.ts';

/** A token may be spent on a snapshot that has been deleted since, or that cannot be used. */
const maxAttempts = 5;

/**
 * Writes a snapshot block by block, and waits until it is complete. A run with the same tokens and journal goes on
 * where an earlier one stopped, for whatever reason it did: snapshot and journal are kept, unless it is proven that what
 * was sent is wrong, or EBS has ended the snapshot. Runs side by side write the same snapshot; one completes it.
 *
 * @throws EbsDirectError `ACCESS_DENIED`, `CREDENTIALS_EXPIRED`, `CREDENTIALS_REFUSED`, `QUOTA_EXCEEDED`, `THROTTLED`, `AWS_UNREACHABLE`, `SNAPSHOT_MISMATCH`, `BLOCK_REFUSED`, `SNAPSHOT_FAILED`, `SNAPSHOT_STALLED`
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
