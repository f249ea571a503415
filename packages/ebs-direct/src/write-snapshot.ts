import { rm } from 'node:fs/promises';
import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { policies, refusedCodeOf, retry } from '@ec2-image/aws-call';
import { isExplained } from '@ec2-image/explained-error';
import { isNotFound } from './errors.ts';
import { adoptSnapshot, fillSnapshot, waitWhereRefused } from './fill-snapshot.ts';
import { createEbs, createEc2 } from './senders.ts';
import { noteSpentToken, readSpentTokens } from './spent-tokens.ts';
import { type StartedSnapshot, startSnapshot } from './start-snapshot.ts';
import type { WriteSnapshotOptions, Writing, WrittenSnapshot } from './write-snapshot-options.ts';

const maxAttempts = policies.restartSnapshot.attempts;

/**
 * Writes a snapshot block by block, and waits until it is complete. A run with the same tokens and journal goes on
 * where an earlier one stopped, for whatever reason it did: snapshot and journal are kept, unless it is proven that what
 * was sent is wrong, or EBS has ended the snapshot. Runs side by side write the same snapshot; one completes it.
 *
 * @throws EbsDirectError `ACCESS_DENIED`, `CREDENTIALS_EXPIRED`, `CREDENTIALS_REFUSED`, `QUOTA_EXCEEDED`, `THROTTLED`, `AWS_UNREACHABLE`, `SNAPSHOT_MISMATCH`, `BLOCK_REFUSED`, `SNAPSHOT_FAILED`, `SNAPSHOT_STALLED`
 */
export async function writeSnapshot(options: WriteSnapshotOptions): Promise<WrittenSnapshot> {
  const { onState, signal, clientTokenFor, journalPath, isWrongContent = () => false } = options;
  const writing: Writing = { options, ebs: createEbs(options), ec2: createEc2(options) };
  const { ebs, ec2 } = writing;
  const spent = await readSpentTokens(journalPath);
  let started = 0;
  for (let attempt = 1; ; attempt += 1) {
    const clientToken = clientTokenFor(attempt);
    if (attempt <= spent.size && spent.has(clientToken)) continue;
    const snapshot = await startSnapshot(ebs, options, clientToken);
    const { snapshotId } = snapshot;
    started += 1;
    if (snapshot.status === 'error' && started < maxAttempts) continue;
    onState?.({ snapshotId, state: 'pending' });
    try {
      return await fillOrAdopt(writing, snapshot);
    } catch (error) {
      signal?.throwIfAborted();
      const { cause, isUseless } = error instanceof NotUsable ? error : { cause: error, isUseless: false };
      if (isUseless || hasFailed(cause) || isWrongContent(cause)) await discard(writing, snapshot);
      const isGone = isNotFound(cause);
      if (isGone) onState?.({ snapshotId, state: 'deleted' });
      if (started >= maxAttempts || !(isGone || error instanceof NotUsable)) throw cause;
      ec2.notice(
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

async function fillOrAdopt(writing: Writing, snapshot: StartedSnapshot): Promise<WrittenSnapshot> {
  if (snapshot.status !== 'completed') {
    try {
      return await fillSnapshot(writing, snapshot);
    } catch (error) {
      writing.options.signal?.throwIfAborted();
      await waitWhereRefused(writing, snapshot.snapshotId, error).catch((failure: unknown) => {
        throw failure !== error && hasFailed(failure) ? new NotUsable(failure, { isUseless: true }) : failure;
      });
    }
  }
  try {
    return await adoptSnapshot(writing, snapshot);
  } catch (error) {
    writing.options.signal?.throwIfAborted();
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
  { options: { journalPath, onState }, ec2 }: Writing,
  { snapshotId, clientToken }: StartedSnapshot,
): Promise<void> {
  try {
    await retry(ec2, {
      policy: policies.remove,
      call: () => ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId })),
    });
  } catch (error) {
    ec2.signal?.throwIfAborted();
    if (refusedCodeOf(error) !== 'InvalidSnapshot.NotFound') {
      ec2.notice(`cannot delete ${snapshotId}, which cannot be used: ${(error as Error).message}`);
      return;
    }
  }
  onState?.({ snapshotId, state: 'deleted' });
  if (journalPath === undefined) return;
  await noteSpentToken(journalPath, clientToken);
  await rm(journalPath, { force: true });
}
