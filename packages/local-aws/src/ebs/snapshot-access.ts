import { checkIds } from '../ec2/resource-type.ts';
import type { Resource } from '../ec2/resources.ts';
import { type SnapshotFacts, snapshotState } from '../ec2/snapshots/snapshot.ts';
import { ServiceError } from '../service.ts';
import type { EbsContext } from './ebs-context.ts';
import { snapshotNotFound, validation } from './errors.ts';

type Snapshot = Resource<SnapshotFacts>;

/** @throws ServiceError for a malformed id, or for a snapshot that is not there or cannot be seen yet */
export function seenSnapshot(id: string, { resources, now }: EbsContext): Snapshot {
  try {
    checkIds('snapshot', [id]);
  } catch (error) {
    throw validation('INVALID_SNAPSHOT_ID', error instanceof ServiceError ? error.message : String(error));
  }
  try {
    const snapshot = resources.get<SnapshotFacts>('snapshot', id);
    if (snapshot.seenFrom <= now()) return snapshot;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
  throw snapshotNotFound(id);
}

/** One that takes blocks. */
export function writableSnapshot(id: string, context: EbsContext): Snapshot {
  const snapshot = seenSnapshot(id, context);
  const state = snapshotState(snapshot.facts, context.now());
  if (!snapshot.facts.direct || snapshot.facts.settlesAt !== undefined || state !== 'pending') {
    throw validation('INVALID_SNAPSHOT_ID', `The snapshot '${id}' does not take blocks: it is not pending.`);
  }
  return snapshot;
}

/** One that can be read: a pending one cannot. */
export function readableSnapshot(id: string, context: EbsContext): Snapshot {
  const snapshot = seenSnapshot(id, context);
  const state = snapshotState(snapshot.facts, context.now());
  if (state !== 'completed') {
    throw validation('INVALID_SNAPSHOT_ID', `The snapshot '${id}' cannot be read: it is ${state}.`);
  }
  return snapshot;
}

export function blockCount({ volumeSizeGiB }: SnapshotFacts): number {
  const blocksPerGiB = 2048;
  return volumeSizeGiB * blocksPerGiB;
}
