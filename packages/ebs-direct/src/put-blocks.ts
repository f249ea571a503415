import { type EBSClient, PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import {
  type Block,
  blockCount,
  blockDigest,
  blockSizeBytes,
  zeroBlock,
  zeroDigest,
} from '@ec2-image/disk-blocks';
import { createAdaptiveLimit } from './adaptive-limit.ts';
import { explainCall, isChecksumRefused, isNotFound, isOverload, isPassing, isThrottled } from './errors.ts';
import type { Journal } from './journal.ts';

export interface PutBlocksOptions {
  readonly ebs: EBSClient;
  readonly snapshotId: string;
  /** Those that hold data, in order: the others are sent as zeros. */
  readonly blocks: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  /** Of the disk. */
  readonly sizeBytes: number;
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

const zeroChecksum = zeroDigest.toString('base64');

/** How long a block that cannot be sent is tried, from when any block last got through. */
const stallTimeoutMs = 150_000;
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** A block that arrives damaged time and again is damaged here, not on its way. */
const damagedTries = 4;

/** Every block of the disk in order. One that nobody gives is zeros: left out, it would read as noise on an encrypted volume. */
async function* withZeros(blocks: AsyncIterable<Block>, count: number): AsyncGenerator<Block> {
  let next = 0;
  const zerosUntil = function* (end: number): Generator<Block> {
    for (; next < end; next += 1) yield { index: next, data: zeroBlock, release: () => {} };
  };
  for await (const block of blocks) {
    yield* zerosUntil(block.index);
    next = block.index + 1;
    yield block;
  }
  yield* zerosUntil(count);
}

/**
 * Sends every block, side by side, and gives the SHA-256 by index of those that are not all zeros. The first lasting
 * failure stops all.
 */
export async function putBlocks({
  ebs,
  snapshotId,
  blocks,
  sizeBytes,
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
  let lastProgressAt = 0;

  const put = async ({ index, data }: Block) => {
    const digest = data === zeroBlock ? zeroDigest : blockDigest(data);
    const checksum = digest === zeroDigest ? zeroChecksum : digest.toString('base64');
    if (checksum !== zeroChecksum) digests.set(index, digest);
    if (!send || journal?.acknowledged.get(index) === checksum) return onBlock({ index, sent: false });
    const firstTriedAt = now();
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
        lastProgressAt = now();
      } catch (error) {
        signal.throwIfAborted();
        if (isOverload(error)) outcome = 'throttled';
        if (isChecksumRefused(error)) damaged += 1;
        const mayPass =
          isThrottled(error) ||
          isPassing(error) ||
          (isChecksumRefused(error) && damaged < damagedTries) ||
          (isNotFound(error) && now() < seenEverywhereAt);
        // Where few get through at a time, the others' turn comes late: that is no reason to give them up.
        if (!mayPass || now() >= Math.max(firstTriedAt, lastProgressAt) + stallTimeoutMs)
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
    for await (const block of withZeros(blocks({ signal }), blockCount(sizeBytes))) {
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
