import type { EBSClient } from '@aws-sdk/client-ebs';
import { type CallOptions, isTransient, policies, retry } from '@ec2-image/aws-call';
import { type Block, blockDigest, zeroBlock, zeroDigest } from '@ec2-image/disk-blocks';
import { createAdaptiveLimit } from './adaptive-limit.ts';
import { createRanges } from './block-ranges.ts';
import { explainPut, isChecksumRefused, isNotFound, isOverload } from './errors.ts';
import type { Journal } from './journal.ts';
import { PutBlockCommand } from './put-block/put-block-command.ts';
import { createEbs } from './senders.ts';
import type { SentDigests } from './sent-digests.ts';
import type { ExpectedContent } from './verify-snapshot.ts';
import { type BlockRanges, wholeVolume } from './whole-volume.ts';

export interface PutBlocksOptions extends CallOptions {
  readonly ebs: EBSClient;
  readonly snapshotId: string;
  /** Those that hold data, in order, or, where there are `zeros`, in any: the others are sent as zeros. */
  readonly blocks: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  /** See `WriteSnapshotOptions`. */
  readonly zeros?: BlockRanges;
  /** What is left out: see `WriteSnapshotOptions`. */
  readonly holes?: BlockRanges;
  /** Of the disk. */
  readonly sizeBytes: number;
  readonly journal?: Journal;
  /** Is told each block, before it is sent. */
  readonly sent: SentDigests;
  /** False: only hash them, for a snapshot that is complete already. */
  readonly send: boolean;
  /** Blocks in flight, where the service does not throttle. */
  readonly concurrency: number;
  /** Milliseconds since 1970: until then "no such snapshot" may only mean that it has just been started. */
  readonly seenEverywhereAt: number;
  /** A block is stored, or, where it is `omitted`, not to be. */
  readonly onBlock: (block: {
    readonly index: number;
    readonly sent: boolean;
    readonly omitted?: boolean;
  }) => void;
}

interface HashedBlock {
  readonly index: number;
  readonly data: Buffer;
  /** SHA-256 (base64). */
  readonly checksum: string;
}

const zeroChecksum = zeroDigest.toString('base64');

/**
 * Sends every block of the volume, several at a time, and returns what the snapshot holds then. The first permanent
 * failure stops all.
 */
export async function putBlocks(options: PutBlocksOptions): Promise<ExpectedContent> {
  const {
    snapshotId,
    blocks,
    zeros,
    holes,
    sizeBytes,
    journal,
    sent,
    send,
    concurrency,
    seenEverywhereAt,
    onBlock,
  } = options;
  const stop = new AbortController();
  const outer = options.signal;
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  const ebs = createEbs({ ...options, signal });
  const limit = createAdaptiveLimit({ max: concurrency });
  const omitted = createRanges();
  const underWay = new Set<Promise<void>>();
  let onEnd = () => {};
  let lastProgressAt = 0;

  const putOnce = async ({ index, data, checksum }: HashedBlock) => {
    await limit.enter();
    let outcome: 'done' | 'throttled' | 'failed' = 'failed';
    try {
      await ebs.send(
        new PutBlockCommand({ snapshotId, index, data, checksum }),
        // Each attempt takes its turn, and shows how many blocks at a time are too many.
        { retry: false },
      );
      outcome = 'done';
      lastProgressAt = ebs.elapsed();
    } catch (error) {
      if (isOverload(error)) outcome = 'throttled';
      throw error;
    } finally {
      limit.leave(outcome);
    }
  };

  const put = async ({ index, data, digest: known }: Block) => {
    const digest = data === zeroBlock ? zeroDigest : (known ?? blockDigest(data));
    const checksum = digest === zeroDigest ? zeroChecksum : digest.toString('base64');
    sent.add(index, checksum === zeroChecksum ? undefined : digest);
    if (!send || journal?.acknowledged.get(index) === checksum) return onBlock({ index, sent: false });
    const firstTriedAt = ebs.elapsed();
    let damaged = 0;
    const isRetryable = (error: unknown) => {
      if (isChecksumRefused(error)) damaged += 1;
      // Where few get through at a time, the others wait for their turn: that is not a stall.
      const isStalled = ebs.elapsed() >= Math.max(firstTriedAt, lastProgressAt) + policies.block.limitMs;
      return (
        !isStalled &&
        (isTransient(error) ||
          (isChecksumRefused(error) && damaged < policies.damagedBlock.attempts) ||
          (isNotFound(error) && ebs.now() < seenEverywhereAt))
      );
    };
    try {
      // Its limit is counted from any block's progress, above.
      const policy = { ...policies.block, limitMs: undefined };
      await retry(ebs, { policy, isRetryable, call: () => putOnce({ index, data, checksum }) });
    } catch (error) {
      throw explainPut(error, { snapshotId, index });
    }
    journal?.add(index, checksum);
    return onBlock({ index, sent: true });
  };

  try {
    const volume = wholeVolume({
      blocks: blocks({ signal }),
      sizeBytes,
      zeros: zeros?.({ signal }),
      holes: holes?.({ signal }),
      // What an earlier run has put there would count at the completion.
      isStored: (index) => send && journal?.acknowledged.has(index) === true,
      onOmitted(index) {
        omitted.add(index);
        sent.add(index);
        onBlock({ index, sent: false, omitted: true });
      },
    });
    for await (const block of volume) {
      signal.throwIfAborted();
      const sending = put(block)
        .catch((error: unknown) => {
          // Before it leaves the set: who finds the set empty then finds the signal aborted.
          stop.abort(error);
          throw error;
        })
        .finally(() => {
          underWay.delete(sending);
          block.release();
          onEnd();
        });
      sending.catch(() => {});
      underWay.add(sending);
      // Blocks in memory: those being sent, and half as many hashed ahead.
      if (underWay.size < 1.5 * concurrency) continue;
      await new Promise<void>((resolve) => {
        onEnd = resolve;
      });
      signal.throwIfAborted();
    }
    sent.end();
    await Promise.all(underWay);
    stop.signal.throwIfAborted();
    return { sizeBytes, digests: sent.digests, omitted: omitted.list };
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(underWay);
    outer?.throwIfAborted();
    throw stop.signal.reason ?? error;
  }
}
