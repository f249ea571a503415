import { deleteSnapshot } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { proveSnapshot } from './prove-snapshot.ts';
import { type ObtainedSnapshot, obtainSnapshot } from './snapshot.ts';
import { ec2Options, type Work } from './work.ts';

const attempts = 2;

/**
 * The snapshot, proven to hold the disk. One that does not is deleted, before a later run could believe its tags, and
 * made once more.
 */
export async function obtainProvenSnapshot(work: Work): Promise<ObtainedSnapshot> {
  const discardedSnapshots: string[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await obtainSnapshot(attempt === 1 ? work : { ...work, discardedSnapshots });
    try {
      await proveSnapshot(work, snapshot.snapshotId, snapshot.content);
      return snapshot;
    } catch (error) {
      if (!isExplained(error) || error.code !== 'SNAPSHOT_DIFFERS') throw error;
      await discard(work, snapshot.snapshotId, error);
      discardedSnapshots.push(snapshot.snapshotId);
      if (attempt === attempts) throw error;
      work.notice(`${error.message}: it was deleted, and is made once more`);
    }
  }
}

/** Another AMI may use it: then it stays, and what it holds is told. */
async function discard(work: Work, snapshotId: string, found: Error): Promise<void> {
  try {
    await deleteSnapshot({ ...ec2Options(work), snapshotId, inUseTimeoutMs: 0 });
    work.remains.set('snapshot', undefined);
  } catch (error) {
    work.signal.throwIfAborted();
    work.notice(`${snapshotId} is left: ${(error as Error).message}`);
    throw found;
  }
}
