import { rm } from 'node:fs/promises';
import { type EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { DeleteSnapshotCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { formatAwsError, hasAwsCode } from '@ec2-image/aws-call';
import { type Tags, tagList } from '@ec2-image/provenance';
import { type Block, blockSizeBytes } from './block.ts';
import { completeSnapshot, waitUntilComplete } from './complete-snapshot.ts';
import { EbsDirectError, isNotFound, isRefusedByState } from './errors.ts';
import { openJournal } from './journal.ts';
import { putBlocks } from './put-blocks.ts';
import { patiently, type Sleep, sleepFor } from './retried.ts';
import { noteSpentToken, readSpentTokens } from './spent-tokens.ts';

export interface WriteSnapshotOptions {
  readonly ebs: EBSClient;
  /** Tells when the snapshot is complete, and deletes one that is given up. */
  readonly ec2: EC2Client;
  /** The blocks that are not all zeros. Asked for anew where the snapshot has to be. */
  readonly blocks: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  readonly volumeSizeGiB: number;
  /** Set by the call that starts the snapshot: nothing that varies between runs. */
  readonly tags: Tags;
  readonly description?: string;
  /** The same for the same work, for each attempt from 1: 64 characters at most. */
  readonly clientTokenFor: (attempt: number) => string;
  /** Where to note which blocks are there, so that a run after a kill sends only the others. */
  readonly journalPath?: string;
  readonly encrypted?: boolean;
  readonly kmsKeyArn?: string;
  /** Blocks under way at a time. Default 32. */
  readonly concurrency?: number;
  /** Awaited before the snapshot is completed: what it rejects with gives the snapshot up. */
  readonly beforeComplete?: () => Promise<unknown>;
  /** How long EBS may take to complete it. Default 1 hour. */
  readonly completeTimeoutMs?: number;
  /** The longest pause between two looks, or between two tries of a call that failed in passing. Default 15000. */
  readonly pollIntervalMs?: number;
  readonly signal?: AbortSignal;
  /** How far into the disk, in bytes. */
  readonly onProgress?: (progress: { readonly done: number }) => void;
  readonly onNotice?: (message: string) => void;
  readonly sleep?: Sleep;
  readonly now?: () => number;
}

export interface WrittenSnapshot {
  readonly snapshotId: string;
  readonly sizeGiB: number;
  /** Blocks that hold data, and of these, the ones that this run sent. */
  readonly blocks: number;
  readonly blocksSent: number;
  /** SHA-256 by block index: what `verifySnapshot` takes in place of the disk. */
  readonly digests: ReadonlyMap<number, Buffer>;
}

/** Minutes a pending snapshot may go without a block before EBS ends it as failed (10 to 4320): a day for a resume. */
const idleTimeoutMinutes = 24 * 60;
/** A token may be spent on a snapshot that has been deleted since. */
const maxAttempts = 5;
/** EBS may answer "does not exist" for about two minutes after StartSnapshot. */
const seenEverywhereMs = 150_000;
/** For a snapshot that takes no more blocks to show that it is complete. */
const refusedTimeoutMs = 5 * 60_000;

/**
 * Writes a snapshot block by block, and waits until it is complete. A run with the same tokens and journal goes on
 * where a killed one stopped. An abort leaves the pending snapshot for that; any other failure deletes it.
 *
 * @throws EbsDirectError `ACCESS_DENIED`, `CREDENTIALS_EXPIRED`, `CREDENTIALS_REFUSED`, `QUOTA_EXCEEDED`, `SNAPSHOT_MISMATCH`, `BLOCK_REFUSED`, `SNAPSHOT_FAILED`, `SNAPSHOT_STALLED`
 */
export async function writeSnapshot(options: WriteSnapshotOptions): Promise<WrittenSnapshot> {
  const { onNotice, signal, clientTokenFor, journalPath } = options;
  const spent = await readSpentTokens(journalPath);
  let started = 0;
  for (let attempt = 1; ; attempt += 1) {
    const clientToken = clientTokenFor(attempt);
    if (attempt <= spent.size && spent.has(clientToken)) continue;
    const snapshot = await startSnapshot(options, clientToken);
    const { snapshotId } = snapshot;
    started += 1;
    if (snapshot.status === 'error' && started < maxAttempts) continue;
    try {
      return await fillSnapshot(options, snapshot).catch(async (error: unknown) => {
        if (!isRefusedByState(error)) throw error;
        // A run before this one may have come as far as completing it.
        await waitUntilComplete({ ...options, completeTimeoutMs: refusedTimeoutMs }, snapshotId).catch(() => {
          throw explainRefusal(error, snapshotId);
        });
        return fillSnapshot(options, { ...snapshot, status: 'completed' });
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (isNotFound(error) && started < maxAttempts) {
        onNotice?.(`${snapshotId} is gone: starting another snapshot`);
        continue;
      }
      await deletePending(options, snapshot);
      throw error;
    }
  }
}

interface StartedSnapshot {
  readonly snapshotId: string;
  readonly clientToken: string;
  readonly status: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

async function fillSnapshot(
  options: WriteSnapshotOptions,
  { snapshotId, clientToken, status, startedAt }: StartedSnapshot,
): Promise<WrittenSnapshot> {
  const { ebs, blocks, journalPath, volumeSizeGiB, concurrency = 32 } = options;
  const { onProgress, onNotice, beforeComplete } = options;
  const { signal = new AbortController().signal, sleep = sleepFor, now = Date.now } = options;
  const journal =
    journalPath === undefined
      ? undefined
      : await openJournal({ path: journalPath, head: { clientToken, snapshotId } });
  if (journal && journal.acknowledged.size > 0) {
    onNotice?.(`${snapshotId} has ${journal.acknowledged.size} blocks already: going on with the others`);
  }
  let blocksSent = 0;
  let done = 0;
  try {
    const digests = await putBlocks({
      ebs,
      snapshotId,
      blocks,
      journal,
      send: status !== 'completed',
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
    if (status !== 'completed') await completeSnapshot(options, { snapshotId, digests });
    await waitUntilComplete(options, snapshotId);
    await journal?.remove();
    return { snapshotId, sizeGiB: volumeSizeGiB, blocks: digests.size, blocksSent, digests };
  } catch (error) {
    await journal?.close();
    throw error;
  }
}

async function startSnapshot(options: WriteSnapshotOptions, clientToken: string): Promise<StartedSnapshot> {
  const { ebs, volumeSizeGiB, tags, description, encrypted, kmsKeyArn, now = Date.now } = options;
  const { SnapshotId, Status, BlockSize, StartTime } = await patiently(options, 'StartSnapshot', () =>
    ebs.send(
      new StartSnapshotCommand({
        VolumeSize: volumeSizeGiB,
        Tags: tagList(tags),
        Description: description,
        ClientToken: clientToken,
        Timeout: idleTimeoutMinutes,
        Encrypted: encrypted,
        KmsKeyArn: kmsKeyArn,
      }),
      { abortSignal: options.signal },
    ),
  );
  if (SnapshotId === undefined || (BlockSize ?? blockSizeBytes) !== blockSizeBytes) {
    throw new EbsDirectError(
      'SNAPSHOT_MISMATCH',
      `EBS started ${SnapshotId} with blocks of ${BlockSize} bytes, not ${blockSizeBytes}`,
      {
        hint: 'Use --via s3, and report this.',
        facts: { snapshotId: SnapshotId, blockSize: BlockSize },
      },
    );
  }
  return {
    snapshotId: SnapshotId,
    clientToken,
    status: Status ?? 'pending',
    startedAt: StartTime?.getTime() ?? now(),
  };
}

/** Whatever gave the snapshot up is the error to tell: a deletion that fails too leaves a pending snapshot, which is said. */
async function deletePending(
  { ec2, journalPath, onNotice }: WriteSnapshotOptions,
  { snapshotId, clientToken }: StartedSnapshot,
): Promise<void> {
  try {
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId }));
  } catch (error) {
    if (!hasAwsCode(error, 'InvalidSnapshot.NotFound')) {
      onNotice?.(`the unfinished ${snapshotId} could not be deleted: ${formatAwsError(error)}`);
      return;
    }
  }
  if (journalPath === undefined) return;
  await noteSpentToken(journalPath, clientToken);
  await rm(journalPath, { force: true });
}

function explainRefusal(error: unknown, snapshotId: string): EbsDirectError {
  return new EbsDirectError('BLOCK_REFUSED', `${snapshotId} takes no blocks: ${formatAwsError(error)}`, {
    hint: 'Run the same command again; if it stays so, use --via s3.',
    cause: error,
    facts: { snapshotId },
  });
}
