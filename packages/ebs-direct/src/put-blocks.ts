import { type EBSClient, PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import { isThrottling } from '@ec2-image/aws-call';
import { createAdaptiveLimit } from './adaptive-limit.ts';
import { type Block, blockDigest, blockSizeBytes } from './block.ts';
import { explainCall, isChecksumRefused, isNotFound, isPassing } from './errors.ts';
import type { Journal } from './journal.ts';

export interface PutBlocksOptions {
  readonly ebs: EBSClient;
  readonly snapshotId: string;
  readonly blocks: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  readonly journal?: Journal;
  /** False: only hash them, for a snapshot that is complete already. */
  readonly send: boolean;
  /** Blocks under way at a time, where the service does not throttle. */
  readonly concurrency: number;
  /** Milliseconds since 1970: until then "no such snapshot" may only mean that it has just been started. */
  readonly seenEverywhereAt: number;
  readonly signal: AbortSignal;
  readonly onBlock: (block: { readonly index: number; readonly sent: boolean }) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly now: () => number;
}

/** How long a block that cannot be sent is tried. */
const blockTimeoutMs = 150_000;
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** A block that arrives damaged time and again is damaged here, not on its way. */
const damagedTries = 4;

/** Sends every block, side by side, and gives the SHA-256 of each by index. The first lasting failure stops all. */
export async function putBlocks({
  ebs,
  snapshotId,
  blocks,
  journal,
  send,
  concurrency,
  seenEverywhereAt,
  signal: outer,
  onBlock,
  sleep,
  now,
}: PutBlocksOptions): Promise<Map<number, Buffer>> {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const limit = createAdaptiveLimit({ max: concurrency });
  const digests = new Map<number, Buffer>();
  const underWay = new Set<Promise<void>>();

  const put = async ({ index, data }: Block) => {
    const digest = blockDigest(data);
    const checksum = digest.toString('base64');
    digests.set(index, digest);
    if (!send || journal?.acknowledged.get(index) === checksum) return onBlock({ index, sent: false });
    const deadline = now() + blockTimeoutMs;
    let damaged = 0;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      await limit.enter();
      let outcome: 'done' | 'throttled' | 'failed' = 'failed';
      try {
        signal.throwIfAborted();
        await ebs.send(
          new PutSnapshotBlockCommand({
            SnapshotId: snapshotId,
            BlockIndex: index,
            BlockData: data,
            DataLength: blockSizeBytes,
            Checksum: checksum,
            ChecksumAlgorithm: 'SHA256',
          }),
          { abortSignal: signal },
        );
        outcome = 'done';
      } catch (error) {
        signal.throwIfAborted();
        if (isThrottling(error)) outcome = 'throttled';
        if (isChecksumRefused(error)) damaged += 1;
        const mayPass =
          isThrottling(error) ||
          isPassing(error) ||
          (isChecksumRefused(error) && damaged < damagedTries) ||
          (isNotFound(error) && now() < seenEverywhereAt);
        if (!mayPass || now() >= deadline)
          throw explainCall(error, { operation: 'PutSnapshotBlock', snapshotId });
      } finally {
        limit.leave(outcome);
      }
      if (outcome === 'done') {
        journal?.add(index, checksum);
        return onBlock({ index, sent: true });
      }
      await sleep(pauseMs * (0.5 + Math.random()), signal);
    }
  };

  try {
    for await (const block of blocks({ signal })) {
      signal.throwIfAborted();
      const sending = put(block).finally(() => {
        underWay.delete(sending);
        block.release();
      });
      // What fails here is met by the race below, or by the wait at the end.
      sending.catch((error: unknown) => stop.abort(error));
      underWay.add(sending);
      // Blocks in memory: those being sent, and as many hashed ahead.
      if (underWay.size >= 2 * concurrency) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    return digests;
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(underWay);
    outer.throwIfAborted();
    throw stop.signal.reason ?? error;
  }
}
