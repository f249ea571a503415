import { blockCount, blockSizeBytes } from '@ec2-image/disk-blocks';
import { isExplained } from '@ec2-image/explained-error';
import { completeSnapshot, linearChecksum, waitUntilComplete } from './complete-snapshot.ts';
import { EbsDirectError, isRefusedByState } from './errors.ts';
import { type Journal, openJournal } from './journal.ts';
import { putBlocks } from './put-blocks.ts';
import { sleepFor } from './retried.ts';
import type { StartedSnapshot } from './start-snapshot.ts';
import { verifySnapshot } from './verify-snapshot.ts';
import { volumeSizeGiB } from './volume-size.ts';
import type { WriteSnapshotOptions, WrittenSnapshot } from './write-snapshot-options.ts';

/** EBS may answer "does not exist" for about two minutes after StartSnapshot. */
const seenEverywhereMs = 150_000;

/** Sends the blocks, completes the snapshot with them, and waits until EBS has checked that it has them all. */
export async function fillSnapshot(
  options: WriteSnapshotOptions,
  snapshot: StartedSnapshot,
): Promise<WrittenSnapshot> {
  const { snapshotId } = snapshot;
  return withJournal(options, snapshot, async (journal) => {
    const written = await readBlocks(options, { snapshot, journal, send: true });
    const content = { sizeBytes: options.sizeBytes, digests: written.digests };
    options.onState?.({ snapshotId, state: 'completing' });
    await completeSnapshot(options, { snapshotId, content });
    await journal?.noteCompleted(linearChecksum(content));
    await waitUntilComplete(options, snapshotId);
    return written;
  });
}

/**
 * A snapshot that is complete, and not by a call of this run: nobody's word is taken for what is in it. Known to hold
 * the disk is one that this tool has completed, by the tags that it sets afterwards or by the journal; any other is read
 * back.
 *
 * @throws EbsDirectError `SNAPSHOT_DIFFERS`, `ABSENT_BLOCKS`, and `ACCESS_DENIED` or `SNAPSHOT_UNREADABLE` where it cannot be read
 */
export async function adoptSnapshot(
  options: WriteSnapshotOptions,
  snapshot: StartedSnapshot,
): Promise<WrittenSnapshot> {
  const { ebs, sizeBytes, signal, sleep, onNotice } = options;
  const { snapshotId } = snapshot;
  const blocks = blockCount(sizeBytes);
  const adopted = {
    snapshotId,
    sizeGiB: volumeSizeGiB(sizeBytes),
    blocks,
    blocksSent: 0,
    digests: undefined,
  };
  if (await seenFinished(options, { snapshotId, looks: 3 })) return adopted;
  return withJournal(options, snapshot, async (journal) => {
    const written = await readBlocks(options, { snapshot, journal, send: false });
    const expected = { sizeBytes, digests: written.digests };
    if (journal?.completedWith === linearChecksum(expected)) return written;
    onNotice?.(`${snapshotId} is complete, but not by this run: reading it back`);
    try {
      await verifySnapshot({ ebs, snapshotId, expected, signal, sleep });
      return written;
    } catch (error) {
      // These credentials may write and not read: then the run that completed it has to say that it did.
      if (!isExplained(error) || error.code !== 'ACCESS_DENIED') throw error;
      if (await seenFinished(options, { snapshotId, looks: 10 })) return adopted;
      throw error;
    }
  });
}

/** The run that completed it says so a moment later, and EC2 shows it a moment after that. */
async function seenFinished(
  { isFinished, onNotice, signal, sleep = sleepFor, pollIntervalMs = 15_000 }: WriteSnapshotOptions,
  { snapshotId, looks }: { readonly snapshotId: string; readonly looks: number },
): Promise<boolean> {
  for (let look = 1; isFinished && look <= looks; look += 1) {
    if (await isFinished(snapshotId)) {
      onNotice?.(`${snapshotId} was completed by another run: using it`);
      return true;
    }
    await sleep(Math.min(2_000, pollIntervalMs), signal);
  }
  return false;
}

/** For a snapshot that takes no more blocks to show that it is complete. */
const refusedTimeoutMs = 5 * 60_000;

/**
 * Where the error says that the snapshot takes no more blocks: waits until it is complete, as another run, or an earlier
 * one, has asked for.
 *
 * @throws the error itself, where it says something else; EbsDirectError `BLOCK_REFUSED`, `SNAPSHOT_FAILED`
 */
export async function waitWhereRefused(
  options: WriteSnapshotOptions,
  snapshotId: string,
  error: unknown,
): Promise<void> {
  if (!isRefusedByState(error)) throw error;
  try {
    await waitUntilComplete({ ...options, completeTimeoutMs: refusedTimeoutMs }, snapshotId);
  } catch (failure) {
    if (!(failure instanceof EbsDirectError) || failure.code !== 'SNAPSHOT_STALLED') throw failure;
    throw new EbsDirectError('BLOCK_REFUSED', `${snapshotId} takes no blocks: ${(error as Error).message}`, {
      hint: 'Run the same command again; if the error persists, use --via s3.',
      cause: error,
      facts: { snapshotId },
    });
  }
}

async function withJournal<T>(
  { journalPath, onNotice }: WriteSnapshotOptions,
  { snapshotId, clientToken }: StartedSnapshot,
  work: (journal: Journal | undefined) => Promise<T>,
): Promise<T> {
  const head = { clientToken, snapshotId };
  const journal = journalPath === undefined ? undefined : await openJournal({ path: journalPath, head });
  if (journal && journal.acknowledged.size > 0) {
    onNotice?.(`${snapshotId} has ${journal.acknowledged.size} blocks already: resuming with the others`);
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
  options: WriteSnapshotOptions,
  {
    snapshot: { snapshotId, startedAt },
    journal,
    send,
  }: { readonly snapshot: StartedSnapshot; readonly journal: Journal | undefined; readonly send: boolean },
): Promise<WrittenSnapshot & { readonly digests: ReadonlyMap<number, Buffer> }> {
  const { ebs, blocks, sizeBytes, concurrency = 32, onProgress, beforeComplete } = options;
  const { signal = new AbortController().signal, sleep = sleepFor, now = Date.now } = options;
  let blocksSent = 0;
  let done = 0;
  const digests = await putBlocks({
    ebs,
    snapshotId,
    blocks,
    sizeBytes,
    journal,
    send,
    concurrency,
    seenEverywhereAt: startedAt + seenEverywhereMs,
    signal,
    sleep,
    now,
    onBlock({ index, sent }) {
      if (sent) blocksSent += 1;
      done = Math.max(done, (index + 1) * blockSizeBytes);
      onProgress?.({ done });
    },
  });
  await beforeComplete?.();
  const sizeGiB = volumeSizeGiB(sizeBytes);
  return { snapshotId, sizeGiB, blocks: blockCount(sizeBytes), blocksSent, digests };
}
