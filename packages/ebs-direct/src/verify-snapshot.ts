import {
  type EBSClient,
  GetSnapshotBlockCommand,
  type GetSnapshotBlockCommandOutput,
  ListSnapshotBlocksCommand,
} from '@aws-sdk/client-ebs';
import {
  type CallOptions,
  explainCall,
  isTransient,
  pages,
  policies,
  refusedCodeOf,
  retry,
} from '@ec2-image/aws-call';
import {
  type BlockRange,
  blockCount,
  blockDigest,
  blockSizeBytes,
  isZeroBlock,
} from '@ec2-image/disk-blocks';
import { createAbsences } from './absences.ts';
import { EbsDirectError } from './errors.ts';
import { createEbs, type Ebs } from './senders.ts';
import { volumeBlocks, volumeSizeGiB } from './volume-size.ts';

/** The expected content of a snapshot: SHA-256 by index of every block that is not all zeros. */
export interface ExpectedContent {
  readonly sizeBytes: number;
  readonly digests: ReadonlyMap<number, Buffer>;
  /** Blocks of zeros that it may lack, in order, as nobody ever wrote them. Default none. */
  readonly omitted?: readonly BlockRange[];
}

export interface VerifySnapshotOptions extends CallOptions {
  /** With `maxAttempts: 1`: its calls are repeated here. */
  readonly ebs: EBSClient;
  readonly snapshotId: string;
  readonly expected: ExpectedContent;
  /** Blocks in flight. Default 16. */
  readonly concurrency?: number;
  /** Blocks listed at a time, 100 to 10,000. Default 10,000. */
  readonly pageSize?: number;
  /**
   * Whether blocks of zeros may be absent from the snapshot, which on an encrypted volume read as noise; asked only where
   * some are. Default false.
   */
  readonly allowAbsent?: boolean | (() => Promise<boolean>);
  /** In bytes of the snapshot's blocks. */
  readonly onProgress?: (progress: { readonly done: number }) => void;
}

export interface VerifiedSnapshot {
  readonly snapshotId: string;
  /** Read and found equal. */
  readonly blocks: number;
  /** Blocks of the volume, zeros all of them, that the snapshot never got. */
  readonly absentBlocks: number;
}

/**
 * Verifies that a complete snapshot matches the disk: reads and hashes each of its blocks; a block that it does not list
 * must be zeros of the disk, or past its end in the volume, and allowed to be absent.
 *
 * @throws EbsDirectError `SNAPSHOT_DIFFERS` with the offset of the first difference; `ABSENT_BLOCKS` where nothing differs; `SNAPSHOT_UNREADABLE`, `BLOCK_DAMAGED`; AwsCallError
 */
export async function verifySnapshot(options: VerifySnapshotOptions): Promise<VerifiedSnapshot> {
  const { snapshotId, expected, concurrency = 16, signal: outer, onProgress } = options;
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  const ebs = createEbs({ ...options, signal });
  const count = volumeBlocks(expected.sizeBytes);
  const unseen = new Set([...expected.digests.keys()].sort((a, b) => a - b));
  const underWay = new Set<Promise<void>>();
  let firstDifference: number | undefined;
  let blocks = 0;
  const absent = createAbsences(expected);
  const differs = (index: number) => {
    firstDifference = Math.min(firstDifference ?? index, index);
  };
  try {
    for await (const { index, token } of listBlocks(ebs, options)) {
      // Blocks after a difference do not matter; one in flight before it may be the first to differ.
      if (firstDifference !== undefined && index > firstDifference) break;
      for (const missing of missingBefore(unseen, index)) differs(missing);
      unseen.delete(index);
      absent.until(Math.min(index, count));
      absent.skip(index);
      const reading = verifyBlock(ebs, options, { index, token })
        .then((equal) => {
          if (!equal) differs(index);
          blocks += 1;
          onProgress?.({ done: blocks * blockSizeBytes });
        })
        .catch((error: unknown) => {
          // Before it leaves the set: who finds the set empty then finds the signal aborted.
          stop.abort(error);
          throw error;
        })
        .finally(() => underWay.delete(reading));
      reading.catch(() => {});
      underWay.add(reading);
      if (underWay.size >= concurrency) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    stop.signal.throwIfAborted();
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(underWay);
    outer?.throwIfAborted();
    throw stop.signal.reason ?? error;
  }
  const [missing] = unseen;
  if (firstDifference === undefined && missing !== undefined) differs(missing);
  if (firstDifference !== undefined) throw difference(snapshotId, firstDifference, expected);
  absent.until(count);
  const { absentBlocks, unexpected, firstUnexpected } = absent.found();
  if (unexpected > 0 && !(await mayBeAbsent(options))) {
    throw absence(snapshotId, { absentBlocks: unexpected, firstAbsent: firstUnexpected!, count });
  }
  return { snapshotId, blocks, absentBlocks };
}

async function mayBeAbsent({ allowAbsent = false }: VerifySnapshotOptions): Promise<boolean> {
  return typeof allowAbsent === 'function' ? await allowAbsent() : allowAbsent;
}

/** Blocks of data that the snapshot, which lists in order, lacks. */
function* missingBefore(unseen: ReadonlySet<number>, index: number): Generator<number> {
  for (const expected of unseen) {
    if (expected >= index) return;
    yield expected;
  }
}

async function verifyBlock(
  ebs: Ebs,
  { snapshotId, expected }: VerifySnapshotOptions,
  { index, token }: { readonly index: number; readonly token: string },
): Promise<boolean> {
  const { digest, isZero } = await read(ebs, snapshotId, async () => {
    const { BlockData, Checksum } = await ebs.send(
      new GetSnapshotBlockCommand({ SnapshotId: snapshotId, BlockIndex: index, BlockToken: token }),
    );
    const data = await readBody(ebs, BlockData);
    const digest = blockDigest(data);
    if (Checksum !== undefined && Checksum !== digest.toString('base64')) throw damaged(snapshotId, index);
    return { digest, isZero: isZeroBlock(data) };
  });
  const wanted = expected.digests.get(index);
  return wanted ? wanted.equals(digest) : isZero;
}

/** Comes after the answer: what breaks off here the SDK neither repeats nor explains. */
async function readBody(ebs: Ebs, body: GetSnapshotBlockCommandOutput['BlockData']): Promise<Buffer> {
  try {
    const bytes = (await body?.transformToByteArray()) ?? new Uint8Array();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    ebs.signal?.throwIfAborted();
    throw explainCall({ error, service: 'EBS', operation: 'GetSnapshotBlock' });
  }
}

async function* listBlocks(
  ebs: Ebs,
  { snapshotId, expected, pageSize = 10_000 }: VerifySnapshotOptions,
): AsyncGenerator<{ readonly index: number; readonly token: string }> {
  const lists = pages((token) =>
    read(ebs, snapshotId, async () => {
      const { Blocks, NextToken, VolumeSize } = await ebs.send(
        new ListSnapshotBlocksCommand({ SnapshotId: snapshotId, NextToken: token, MaxResults: pageSize }),
      );
      if (VolumeSize !== undefined && VolumeSize < volumeSizeGiB(expected.sizeBytes)) {
        throw new EbsDirectError(
          'SNAPSHOT_DIFFERS',
          `${snapshotId} has ${VolumeSize} GiB, and the disk needs ${volumeSizeGiB(expected.sizeBytes)}`,
          { hint: 'Compare with the disk that this snapshot was made from.', facts: { snapshotId } },
        );
      }
      return { items: Blocks, nextToken: NextToken };
    }),
  );
  for await (const list of lists) {
    for (const { BlockIndex, BlockToken } of list) {
      if (BlockIndex !== undefined && BlockToken !== undefined)
        yield { index: BlockIndex, token: BlockToken };
    }
  }
}

function difference(snapshotId: string, index: number, { sizeBytes }: ExpectedContent): EbsDirectError {
  const offset = index * blockSizeBytes;
  const where = index >= blockCount(sizeBytes) ? ', past the end of the disk' : '';
  return new EbsDirectError(
    'SNAPSHOT_DIFFERS',
    `${snapshotId} does not match the disk: the ${blockSizeBytes} bytes from offset ${offset} differ${where}`,
    {
      hint: 'Do not use the AMIs of this snapshot: delete them and the snapshot, and import again.',
      facts: { snapshotId, offset, blockIndex: index },
    },
  );
}

function absence(
  snapshotId: string,
  facts: { readonly absentBlocks: number; readonly firstAbsent: number; readonly count: number },
): EbsDirectError {
  const { absentBlocks, firstAbsent, count } = facts;
  const offset = firstAbsent * blockSizeBytes;
  return new EbsDirectError(
    'ABSENT_BLOCKS',
    `${snapshotId} lacks ${absentBlocks} of its volume's ${count} blocks, the first at offset ${offset}: zeros that were never written, which an encrypted volume reads as noise`,
    {
      hint: 'Import the image again with --fresh and --via ebs, which writes every block; or use --allow-absent if no volume made from it is ever encrypted.',
      facts: { snapshotId, absentBlocks, offset },
    },
  );
}

/** On its way: what EBS stores has the checksum that it sends. */
function damaged(snapshotId: string, index: number): EbsDirectError {
  return new EbsDirectError(
    'BLOCK_DAMAGED',
    `block ${index} of ${snapshotId} arrived with other bytes than its checksum says`,
    {
      hint: 'Check the network, proxies included, then run the same command again.',
      facts: { snapshotId, blockIndex: index },
    },
  );
}

function isDamaged(error: unknown): boolean {
  return error instanceof EbsDirectError && error.code === 'BLOCK_DAMAGED';
}

/** A call of which a snapshot has thousands. */
async function read<T>(ebs: Ebs, snapshotId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await retry(ebs, {
      policy: policies.readBlock,
      isRetryable: (error) => isTransient(error) || isDamaged(error),
      call,
    });
  } catch (error) {
    if (!['ResourceNotFoundException', 'ValidationException'].includes(refusedCodeOf(error) ?? ''))
      throw error;
    throw new EbsDirectError(
      'SNAPSHOT_UNREADABLE',
      `cannot read ${snapshotId}: ${(error as Error).message}`,
      {
        hint: 'The snapshot must exist in this region, be complete, and not be archived.',
        cause: error,
        facts: { snapshotId },
      },
    );
  }
}
