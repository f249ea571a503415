import { createHash } from 'node:crypto';
import { countBlocks, putChecksums } from '../ec2/snapshots/block-table.ts';
import { blockBytes } from '../ec2/snapshots/blocks.ts';
import { type SnapshotFacts, snapshotState } from '../ec2/snapshots/snapshot.ts';
import type { ServiceRequest } from '../service.ts';
import { checkConstraint } from './constraints.ts';
import { type EbsContext, type EbsOperation, jsonAnswer } from './ebs-context.ts';
import { validation } from './errors.ts';
import { sha256Header } from './put-snapshot-block.ts';
import { seenSnapshot, writableSnapshot } from './snapshot-access.ts';

/**
 * Answers before it is done: whether count and checksum are those of the blocks shows later, when the snapshot is
 * `completed` or, where they are not, `error`. Repeated, it changes nothing.
 *
 * https://docs.aws.amazon.com/ebs/latest/APIReference/API_CompleteSnapshot.html
 */
export const completeSnapshot: EbsOperation = async ({ snapshotId }, context) => {
  const { request, store, resources, puts, settings, blockFiles, now } = context;
  const declared = declaredBlocks(request);
  const { facts: before } = seenSnapshot(snapshotId, context);
  if (before.direct && before.settlesAt !== undefined) {
    return jsonAnswer(202, { Status: snapshotState(before, now()) }, request);
  }
  await puts.idle(snapshotId);
  store.transaction(() => {
    const { facts } = writableSnapshot(snapshotId, context);
    const reason = difference(snapshotId, declared, context);
    resources.setFacts<SnapshotFacts>(snapshotId, {
      ...facts,
      outcome: reason === undefined ? 'completed' : 'error',
      statusMessage: reason,
      settlesAt: now() + settings.snapshotCompletionMs,
      fullSizeBytes: countBlocks(store, snapshotId) * blockBytes,
    });
  });
  await blockFiles.forget(snapshotId);
  return jsonAnswer(202, { Status: 'pending' }, request);
};

interface DeclaredBlocks {
  readonly count: number;
  readonly checksum?: Buffer;
}

function declaredBlocks({ headers }: ServiceRequest): DeclaredBlocks {
  const said = headers['x-amz-changedblockscount'];
  if (said === undefined) throw validation('INVALID_PARAMETER_VALUE', 'ChangedBlocksCount is required');
  const count = Number(said);
  checkConstraint('ChangedBlocksCount', count);
  refuseOther(headers['x-amz-checksum-algorithm'], 'SHA256', 'algorithm');
  refuseOther(headers['x-amz-checksum-aggregation-method'], 'LINEAR', 'aggregation method');
  const checksum = headers['x-amz-checksum'];
  if (checksum === undefined) return { count };
  if (headers['x-amz-checksum-aggregation-method'] !== 'LINEAR') {
    throw validation('INVALID_PARAMETER_VALUE', 'The only checksum aggregation method is LINEAR');
  }
  return { count, checksum: sha256Header(checksum, headers['x-amz-checksum-algorithm']) };
}

/** The model's enums have one member each; what is left out is another question. */
function refuseOther(value: unknown, only: string, what: string): void {
  if (value === undefined || value === only) return;
  throw validation('INVALID_PARAMETER_VALUE', `The only checksum ${what} is ${only}`);
}

/** What of the declaration does not hold; undefined if all does. */
function difference(
  snapshotId: string,
  { count, checksum }: DeclaredBlocks,
  { store }: EbsContext,
): string | undefined {
  const hash = createHash('sha256');
  let blocks = 0;
  for (const blockChecksum of putChecksums(store, snapshotId)) {
    hash.update(blockChecksum);
    blocks += 1;
  }
  if (blocks !== count) return `${blocks} blocks were written, not ${count}`;
  if (checksum && !checksum.equals(hash.digest())) return 'The checksum is not that of the written blocks';
  return undefined;
}
