import { createHash } from 'node:crypto';
import { type BlockRange, hasBlock, listBlocks, listPutBlocks } from '../ec2/snapshots/block-table.ts';
import { blockBytes } from '../ec2/snapshots/blocks.ts';
import type { SnapshotFacts } from '../ec2/snapshots/snapshot.ts';
import { makeToken, readToken } from './block-token.ts';
import { type EbsContext, type EbsOperation, epochSeconds, jsonAnswer } from './ebs-context.ts';
import { validation } from './errors.ts';
import { flipBit } from './flip-bit.ts';
import { requireDecrypt } from './key-access.ts';
import { readableSnapshot } from './snapshot-access.ts';

const pageSize = { default: 10_000, min: 100, max: 10_000 };
/** https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-elements.html: block tokens hold for seven days. */
const tokenMs = 7 * 24 * 60 * 60 * 1000;

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_ListSnapshotBlocks.html */
export const listSnapshotBlocks: EbsOperation = async ({ snapshotId }, context) => {
  const { store, request, now } = context;
  const range = askedRange(snapshotId, context);
  const { facts } = readableSnapshot(snapshotId, context);
  const expiresAt = now() + tokenMs;
  const indexes = listBlocks(store, snapshotId, { ...range, limit: range.limit + 1 });
  const page = indexes.slice(0, range.limit);
  return jsonAnswer(
    200,
    {
      Blocks: page.map((index) => ({
        BlockIndex: index,
        BlockToken: makeToken({ kind: 'block', snapshotId, index }, expiresAt),
      })),
      ...listing(facts, expiresAt),
      NextToken: nextToken(snapshotId, indexes[range.limit], expiresAt),
    },
    request,
  );
};

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_ListChangedBlocks.html */
export const listChangedBlocks: EbsOperation = async ({ snapshotId: secondId }, context) => {
  const { store, request, now } = context;
  const firstId = request.query.get('firstSnapshotId') ?? undefined;
  const range = askedRange(secondId, context);
  const { facts } = readableSnapshot(secondId, context);
  if (firstId !== undefined) readableSnapshot(firstId, context);
  const expiresAt = now() + tokenMs;
  const limit = range.limit + 1;
  const indexes =
    firstId === undefined
      ? listBlocks(store, secondId, { ...range, limit })
      : listPutBlocks(store, lineage(firstId, secondId, context), { ...range, limit });
  const token = (snapshotId: string, index: number) =>
    hasBlock(store, snapshotId, index)
      ? makeToken({ kind: 'block', snapshotId, index }, expiresAt)
      : undefined;
  return jsonAnswer(
    200,
    {
      ChangedBlocks: indexes.slice(0, range.limit).map((index) => ({
        BlockIndex: index,
        FirstBlockToken: firstId === undefined ? undefined : token(firstId, index),
        SecondBlockToken: token(secondId, index),
      })),
      ...listing(facts, expiresAt),
      NextToken: nextToken(secondId, indexes[range.limit], expiresAt),
    },
    request,
  );
};

/** The second snapshot and its parents up to the first, which is not among them. */
function lineage(firstId: string, secondId: string, { resources }: EbsContext): string[] {
  const ids: string[] = [];
  for (let id: string | undefined = secondId; id !== firstId; ) {
    if (id === undefined) {
      throw validation('UNRELATED_SNAPSHOTS', `The snapshots '${firstId}' and '${secondId}' are unrelated`);
    }
    ids.push(id);
    id = resources.find<SnapshotFacts>('snapshot', id)?.facts.direct?.parentId;
  }
  return ids;
}

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_GetSnapshotBlock.html */
export const getSnapshotBlock: EbsOperation = async ({ snapshotId, blockIndex }, context) => {
  const { request, blockFiles, faults, call, now } = context;
  requireDecrypt(readableSnapshot(snapshotId, context).facts, context);
  const token = request.query.get('blockToken') ?? '';
  if (readToken(token, { kind: 'block', snapshotId }, now()) !== blockIndex) {
    throw validation('INVALID_BLOCK_TOKEN', 'The block token is not valid');
  }
  const data = await blockFiles.read(snapshotId, blockIndex);
  const checksum = createHash('sha256').update(data).digest('base64');
  const flip = faults.take('flip-bit', call);
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'x-amz-data-length': String(blockBytes),
      'x-amz-checksum': checksum,
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amzn-requestid': request.id,
    },
    body: flip ? flipBit(data, flip) : data,
  };
};

/** A token goes before a starting index. */
function askedRange(snapshotId: string, { request: { query, conditions }, now }: EbsContext): BlockRange {
  const asked = Number(query.get('maxResults') ?? pageSize.default);
  if (!Number.isInteger(asked) || asked < pageSize.min || asked > pageSize.max) {
    throw validation(
      'INVALID_PARAMETER_VALUE',
      `MaxResults must be between ${pageSize.min} and ${pageSize.max}`,
    );
  }
  const token = query.get('pageToken');
  const from =
    token === null
      ? Number(query.get('startingBlockIndex') ?? 0)
      : readToken(token, { kind: 'page', snapshotId }, now());
  if (from === undefined) throw validation('INVALID_PAGE_TOKEN', 'The page token is not valid');
  if (!Number.isInteger(from) || from < 0) {
    throw validation('INVALID_PARAMETER_VALUE', 'StartingBlockIndex must be a block index');
  }
  // "The request can return less blocks than MaxResults or an empty array of blocks", says the API's model.
  return { from, limit: conditions.pageSize(asked, 0) };
}

function listing({ volumeSizeGiB }: SnapshotFacts, expiresAt: number): object {
  return { ExpiryTime: epochSeconds(expiresAt), VolumeSize: volumeSizeGiB, BlockSize: blockBytes };
}

function nextToken(snapshotId: string, next: number | undefined, expiresAt: number): string | undefined {
  return next === undefined ? undefined : makeToken({ kind: 'page', snapshotId, index: next }, expiresAt);
}
