import { rm } from 'node:fs/promises';
import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { policies, refusedCodeOf, retry, withKmsKey } from '@ec2-image/aws-call';
import { isExplained } from '@ec2-image/explained-error';
import { waitUntilVisible } from './describe-snapshot.ts';
import { isNotFound } from './errors.ts';
import { adoptSnapshot, fillSnapshot, waitWhereRefused } from './fill-snapshot.ts';
import { journalledSnapshot } from './journal.ts';
import { createEbs, createEc2 } from './senders.ts';
import { noteSpentToken, readSpentTokens } from './spent-tokens.ts';
import { type StartedSnapshot, StartFailed, startSnapshot } from './start-snapshot.ts';
import type { WriteSnapshotOptions, Writing, WrittenSnapshot } from './write-snapshot-options.ts';

const maxAttempts = policies.restartSnapshot.attempts;

/**
 * Writes a snapshot block by block, and waits until it is complete. A run with the same tokens and journal resumes where
 * an earlier one stopped, whatever the reason: snapshot and journal are kept, unless what was sent is proven wrong, or EBS
 * has ended the snapshot. Parallel runs write the same snapshot; one completes it.
 *
 * @throws AwsCallError; EbsDirectError `DISK_DIFFERS`, `SNAPSHOT_MISMATCH`, `BLOCK_DAMAGED`, `BLOCK_REFUSED`, `SNAPSHOT_FAILED`, `SNAPSHOT_STALLED`
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
    const snapshot = await startSnapshot(ebs, options, clientToken).catch(async (error: unknown) => {
      if (!(error instanceof StartFailed)) throw error;
      if (!error.isUnclear) await tellWhatIsLeft(options, clientToken);
      throw error.cause;
    });
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
      if (started >= maxAttempts || !(isGone || error instanceof NotUsable))
        throw withKmsKey(cause, snapshot.kmsKeyArn);
      ec2.notice(
        `${isGone ? `${snapshotId} was deleted` : (cause as Error).message}: starting another snapshot`,
      );
    }
  }
}

/** Where nothing was started: only what an earlier run, by its journal, has left is there. */
async function tellWhatIsLeft(
  { journalPath, onState }: WriteSnapshotOptions,
  clientToken: string,
): Promise<void> {
  const snapshotId = journalPath && (await journalledSnapshot({ path: journalPath, clientToken }));
  onState?.(snapshotId ? { snapshotId, state: 'pending' } : { state: 'none' });
}

/** A snapshot that others have completed, or that EBS ended before this run started: another one has to be written. */
class NotUsable extends Error {
  override readonly cause: unknown;
  /** Proven to be useless for everybody. */
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

/** EBS itself has ended the snapshot: it never becomes complete. */
function hasFailed(error: unknown): boolean {
  return isExplained(error) && error.code === 'SNAPSHOT_FAILED';
}

/** The error to report is why the snapshot is deleted: if the deletion fails too, that is a notice, and the snapshot remains. */
async function discard(
  { options: { journalPath, onState }, ec2 }: Writing,
  { snapshotId, clientToken }: StartedSnapshot,
): Promise<void> {
  try {
    // Of a snapshot that EC2 does not show yet, DeleteSnapshot says that it does not exist, and deletes nothing.
    await waitUntilVisible(ec2, snapshotId);
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
