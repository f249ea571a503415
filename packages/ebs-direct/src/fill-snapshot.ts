import { findConsistently, type Policy, pause, policies } from '@ec2-image/aws-call';
import { blockCount, blockSizeBytes } from '@ec2-image/disk-blocks';
import { isExplained } from '@ec2-image/explained-error';
import { completeSnapshot, linearChecksum, presentBlocks, waitUntilComplete } from './complete-snapshot.ts';
import { EbsDirectError, isRefusedByState } from './errors.ts';
import { type Journal, openJournal } from './journal.ts';
import { proven } from './prove-blocks.ts';
import { putBlocks } from './put-blocks.ts';
import type { StartedSnapshot } from './start-snapshot.ts';
import { type ExpectedContent, verifySnapshot } from './verify-snapshot.ts';
import { volumeBlocks, volumeSizeGiB } from './volume-size.ts';
import type { Writing, WrittenSnapshot } from './write-snapshot-options.ts';

/** Sends the blocks, completes the snapshot with them, and waits until EBS has checked that it has them all. */
export async function fillSnapshot(writing: Writing, snapshot: StartedSnapshot): Promise<WrittenSnapshot> {
  const { options, ebs, ec2 } = writing;
  const { snapshotId } = snapshot;
  const limitMs = options.completeTimeoutMs ?? policies.completeSnapshot.limitMs;
  return withJournal(writing, snapshot, async (journal) => {
    const written = await readBlocks(writing, { snapshot, journal, send: true });
    const { content } = written;
    options.onState?.({ snapshotId, state: 'completing' });
    await completeSnapshot(ebs, { snapshotId, content });
    await journal?.noteCompleted(linearChecksum(content));
    await waitUntilComplete(ec2, { snapshotId, policy: { ...policies.completeSnapshot, limitMs } });
    return written;
  });
}

/**
 * A snapshot that is complete, and not by a call of this run. Its content is known only if this tool completed it,
 * according to the tags that it sets afterwards or to the journal; any other is read back.
 *
 * @throws EbsDirectError `SNAPSHOT_DIFFERS`, `ABSENT_BLOCKS`, and `ACCESS_DENIED` or `SNAPSHOT_UNREADABLE` where it cannot be read
 */
export async function adoptSnapshot(writing: Writing, snapshot: StartedSnapshot): Promise<WrittenSnapshot> {
  const { options, ec2 } = writing;
  const { ebs, sizeBytes, signal, onNotice, pollIntervalMs, outageTimeoutMs, clock } = options;
  const calls = { ebs, signal, onNotice, pollIntervalMs, outageTimeoutMs, clock };
  const { snapshotId } = snapshot;
  const adopted = {
    snapshotId,
    sizeGiB: volumeSizeGiB(sizeBytes),
    blocks: volumeBlocks(sizeBytes),
    blocksSent: 0,
    content: undefined,
  };
  if (await isSeenFinished(writing, snapshotId)) return adopted;
  return withJournal(writing, snapshot, async (journal) => {
    const written = await readBlocks(writing, { snapshot, journal, send: false });
    const expected = written.content;
    if (journal?.completedWith === linearChecksum(expected)) return written;
    ec2.notice(`${snapshotId} is complete, but not by this run: reading it back`);
    try {
      await verifySnapshot({ ...calls, snapshotId, expected });
      return written;
    } catch (error) {
      // These credentials may write but not read: then the run that completed it has to mark it.
      if (!isExplained(error) || error.code !== 'ACCESS_DENIED') throw error;
      if (await isSeenFinished(writing, snapshotId, policies.completedElsewhere)) return adopted;
      throw error;
    }
  });
}

/** The run that completed it tags it a moment later, and EC2 shows the tags a moment after that. */
async function isSeenFinished(
  { options: { isFinished }, ec2 }: Writing,
  snapshotId: string,
  policy?: Policy & { readonly attempts: number },
): Promise<boolean> {
  if (!isFinished) return false;
  const look = async () => (await isFinished(snapshotId)) || undefined;
  let found = await findConsistently(ec2, look);
  for (let n = 1; policy && !found && n <= policy.attempts; n += 1) {
    await pause(ec2, { n, pace: policy });
    found = await look();
  }
  if (found) ec2.notice(`${snapshotId} was completed by another run: using it`);
  return found === true;
}

/**
 * Where the error says that the snapshot accepts no more blocks: waits until it is complete, as another run, or an
 * earlier one, has requested.
 *
 * @throws the error itself, where it says something else; EbsDirectError `BLOCK_REFUSED`, `SNAPSHOT_FAILED`
 */
export async function waitWhereRefused({ ec2 }: Writing, snapshotId: string, error: unknown): Promise<void> {
  if (!isRefusedByState(error)) throw error;
  try {
    await waitUntilComplete(ec2, { snapshotId, policy: policies.refusedSnapshot });
  } catch (failure) {
    if (!(failure instanceof EbsDirectError) || failure.code !== 'SNAPSHOT_STALLED') throw failure;
    throw new EbsDirectError(
      'BLOCK_REFUSED',
      `${snapshotId} accepts no blocks: ${(error as Error).message}`,
      {
        hint: 'Run the same command again; if the error persists, use --via s3.',
        cause: error,
        facts: { snapshotId },
      },
    );
  }
}

async function withJournal<T>(
  { options: { journalPath }, ec2 }: Writing,
  { snapshotId, clientToken }: StartedSnapshot,
  work: (journal: Journal | undefined) => Promise<T>,
): Promise<T> {
  const head = { clientToken, snapshotId };
  const journal = journalPath === undefined ? undefined : await openJournal({ path: journalPath, head });
  if (journal && journal.acknowledged.size > 0) {
    ec2.notice(`${snapshotId} has ${journal.acknowledged.size} blocks already: resuming`);
  }
  try {
    const result = await work(journal);
    await journal?.remove();
    return result;
  } catch (error) {
    await journal?.close();
    throw error;
  }
}

async function readBlocks(
  { options }: Writing,
  {
    snapshot: { snapshotId, startedAt },
    journal,
    send,
  }: { readonly snapshot: StartedSnapshot; readonly journal: Journal | undefined; readonly send: boolean },
): Promise<WrittenSnapshot & { readonly content: ExpectedContent }> {
  const { sizeBytes, concurrency = 32, onProgress, beforeComplete } = options;
  let blocksSent = 0;
  const diskBlocks = blockCount(sizeBytes);
  let done = 0;
  const content = await proven(options, ({ sent, signal }) =>
    putBlocks({
      ...options,
      signal,
      snapshotId,
      journal,
      sent,
      send,
      concurrency,
      seenEverywhereAt: startedAt + policies.startedSnapshot.limitMs,
      onBlock({ index, sent, omitted }) {
        if (sent) blocksSent += 1;
        if (!omitted || index < diskBlocks) done += blockSizeBytes;
        if (!omitted) onProgress?.({ done });
      },
    }),
  );
  await beforeComplete?.();
  const sizeGiB = volumeSizeGiB(sizeBytes);
  return { snapshotId, sizeGiB, blocks: presentBlocks(content), blocksSent, content };
}
