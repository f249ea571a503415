import { policies } from '@ec2-image/aws-call';
import { deleteSnapshot } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { ec2Options, type ImageRun } from './run.ts';
import type { ObtainedSnapshot } from './snapshot.ts';
import { verifyImported } from './verify-snapshot.ts';

const { attempts } = policies.differingSnapshot;

/**
 * `--verify`: the snapshot, compared with the image. One that differs is deleted, before a later run could believe its
 * tags, and obtained again, once.
 */
export async function obtainVerified(
  run: ImageRun,
  obtain: (run: ImageRun) => Promise<ObtainedSnapshot>,
): Promise<ObtainedSnapshot> {
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await obtain(run);
    try {
      await verifyImported(run, snapshot.snapshotId, snapshot.content);
      return snapshot;
    } catch (error) {
      if (!isExplained(error) || error.code !== 'SNAPSHOT_DIFFERS') throw error;
      await discard(run, snapshot.snapshotId, error);
      run.discardedSnapshots.push(snapshot.snapshotId);
      if (attempt === attempts) throw error;
      run.notice(`${error.message}: deleted; importing again`);
    }
  }
}

/** Another AMI may use it: then it stays, and what it holds is told. */
async function discard(run: ImageRun, snapshotId: string, found: Error): Promise<void> {
  try {
    await deleteSnapshot({ ...ec2Options(run), snapshotId, inUseTimeoutMs: 0 });
    run.leftovers.set('snapshot', undefined);
  } catch (error) {
    run.signal.throwIfAborted();
    run.notice(`cannot delete ${snapshotId}: ${(error as Error).message}`);
    throw found;
  }
}
