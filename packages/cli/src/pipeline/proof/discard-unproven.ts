import { deleteSnapshot } from '@ec2-image/ec2-import';
import { deleteObject, type StoredObject } from '@ec2-image/s3-upload';
import { discardDisk } from '../discard-disk.ts';
import { ec2Options, type ImageRun, objectLocation } from '../run.ts';
import type { FailedProof } from '../snapshot-proof.ts';

/** After the second one, nothing that this machine makes can be believed. */
const mostFailures = 2;

/**
 * Deletes what has failed its proof, so that nobody can take it: snapshot, object, disk, in this order, since the object is
 * what tells a later run that the snapshot is wrong. The next attempt converts with qemu-img.
 *
 * @throws the reason, where another attempt would be of no use
 */
export async function discardUnproven(
  run: ImageRun,
  { failed, object }: { readonly failed: FailedProof; readonly object: StoredObject | undefined },
): Promise<void> {
  const { because, isWrong, snapshotId } = failed;
  run.leftovers.set('task', undefined);
  run.endedAttempts.number += 1;
  if (snapshotId !== undefined) await discardSnapshot(run, snapshotId);
  if (object) {
    await deleteObject({ ...objectLocation(run), object });
    run.leftovers.set('object', undefined);
  }
  await discardDisk(run);
  run.signal.throwIfAborted();
  run.failedProofs.number += 1;
  if (run.failedProofs.number >= mostFailures || because.code === 'IMAGE_CHANGED') throw because;
  run.notice(`${because.message}: ${isWrong ? 'converting again with qemu-img' : 'importing again'}`);
}

/** Another AMI may use it: then it stays, and that is told. */
export async function discardSnapshot(run: ImageRun, snapshotId: string): Promise<void> {
  run.discardedSnapshots.push(snapshotId);
  try {
    await deleteSnapshot({ ...ec2Options(run), snapshotId, inUseTimeoutMs: 0 });
    run.leftovers.set('snapshot', undefined);
  } catch (error) {
    run.signal.throwIfAborted();
    run.notice(`cannot delete ${snapshotId}: ${(error as Error).message}`);
  }
}
