import { type Block, blockDigest, blockSizeBytes } from '@ec2-image/disk-blocks';
import { EbsDirectError } from './errors.ts';
import { createSentDigests, type SentDigests } from './sent-digests.ts';
import { volumeBlocks } from './volume-size.ts';

export interface ProvenOptions {
  /** Of the disk. */
  readonly sizeBytes: number;
  /** The blocks by an independent reading. Default: nothing is compared. */
  readonly proof?: (options: { readonly signal: AbortSignal }) => AsyncIterable<Block>;
  /** Whether `proof` reads a block, by its index. Default: every one. */
  readonly isProven?: (index: number) => boolean;
  readonly signal?: AbortSignal;
}

/**
 * Runs what sends blocks, and beside it reads them a second time: each must have the digest with which it was sent. The
 * proof stays behind the sending, so that neither keeps what the other has not read. The first failure of either ends both.
 *
 * @throws EbsDirectError `DISK_DIFFERS`
 */
export async function proven<T>(
  { sizeBytes, proof, isProven, signal: outer }: ProvenOptions,
  send: (options: { readonly sent: SentDigests; readonly signal?: AbortSignal }) => Promise<T>,
): Promise<T> {
  const sent = createSentDigests({ blocks: volumeBlocks(sizeBytes) });
  if (!proof) return send({ sent, signal: outer });
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  const stopAt = (error: unknown) => stop.abort(error);
  const proving = compare(proof({ signal }), { sent, isProven, signal });
  proving.catch(stopAt);
  const sending = send({ sent, signal });
  sending.catch(stopAt);
  await Promise.allSettled([proving, sending]);
  outer?.throwIfAborted();
  if (stop.signal.aborted) throw stop.signal.reason;
  return sending;
}

async function compare(
  blocks: AsyncIterable<Block>,
  {
    sent,
    isProven = () => true,
    signal,
  }: Pick<ProvenOptions, 'isProven'> & { readonly sent: SentDigests; readonly signal: AbortSignal },
): Promise<void> {
  const { digests } = sent;
  let next = 0;
  /** The proof has only zeros up to this block. */
  const zerosUntil = (end: number) => {
    for (; next < end; next += 1) if (digests.has(next) && isProven(next)) throw differs(next);
  };
  for await (const { index, data, digest = blockDigest(data), release } of blocks) {
    release();
    await sent.upTo(index, signal);
    zerosUntil(index);
    if (!digests.get(index)?.equals(digest)) throw differs(index);
    next = index + 1;
  }
  await sent.upTo(Number.MAX_SAFE_INTEGER, signal);
  for (const index of digests.keys()) if (index >= next && isProven(index)) throw differs(index);
}

function differs(index: number): EbsDirectError {
  const offset = index * blockSizeBytes;
  return new EbsDirectError(
    'DISK_DIFFERS',
    `the ${blockSizeBytes} bytes from offset ${offset} of the disk differ from what QEMU reads in the image`,
    {
      hint: 'Run the same command again with --converter qemu-img; if the error recurs, check the memory of this machine.',
      facts: { offset, blockIndex: index },
    },
  );
}
