import { deleteSnapshot } from '@ec2-image/ec2-import';
import { ec2Options, type ImageRun } from './run.ts';

/**
 * Deletes a snapshot that is not what it should be, before a later run could believe its tags, and uses it no more. Another
 * AMI may use it: then it stays, and that is told.
 *
 * @returns whether it is gone
 */
export async function discardSnapshot(run: ImageRun, snapshotId: string): Promise<boolean> {
  run.unwantedSnapshots.push(snapshotId);
  try {
    await deleteSnapshot({ ...ec2Options(run), snapshotId, inUseTimeoutMs: 0 });
    run.leftovers.set('snapshot', undefined);
    return true;
  } catch (error) {
    run.signal.throwIfAborted();
    run.notice(`cannot delete ${snapshotId}: ${(error as Error).message}`);
    return false;
  }
}
