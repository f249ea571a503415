import { deleteSnapshot } from '@ec2-image/ec2-import';
import { deleteObject, type StoredObject } from '@ec2-image/s3-upload';
import { discardDisk } from '../discard-disk.ts';
import { ec2Options, type ImageRun, objectLocation } from '../run.ts';
import type { FailedProof } from '../snapshot-proof.ts';

/** After the second wrong one, nothing that this machine makes can be believed. */
const mostWrong = 2;
/** What this run uploads itself can be proven: more are other runs' work, again and again. */
const mostUnproven = 3;

/**
 * Deletes what has failed its proof, so that nobody can take it: snapshot, object, disk, in this order, since the object is
 * what tells a later run that the snapshot is wrong. After a wrong one the next attempt converts with qemu-img.
 *
 * @param options.isTagged the snapshot is an earlier run's result: where nothing shows that it is wrong, it is only not used
 * @throws the reason, where another attempt would be of no use
 */
export async function discardUnproven(
  run: ImageRun,
  {
    failed,
    object,
    isTagged = false,
  }: {
    readonly failed: FailedProof;
    readonly object: StoredObject | undefined;
    readonly isTagged?: boolean;
  },
): Promise<void> {
  const { because, isWrong, snapshotId } = failed;
  const { failedProofs } = run;
  run.leftovers.set('task', undefined);
  run.endedAttempts.number += 1;
  if (snapshotId !== undefined) {
    run.discardedSnapshots.push(snapshotId);
    if (isWrong || !isTagged) await discardSnapshot(run, snapshotId);
  }
  if (object) {
    await deleteObject({ ...objectLocation(run), object });
    run.leftovers.set('object', undefined);
  }
  await discardDisk(run);
  run.signal.throwIfAborted();
  if (isWrong) failedProofs.wrong += 1;
  else failedProofs.unproven += 1;
  const isEnough = failedProofs.wrong >= mostWrong || failedProofs.unproven >= mostUnproven;
  if (isEnough || because.code === 'IMAGE_CHANGED') throw because;
  run.notice(`${because.message}: ${isWrong ? 'converting again with qemu-img' : 'importing again'}`);
}

/** Another AMI may use it: then it stays, and that is told. */
async function discardSnapshot(run: ImageRun, snapshotId: string): Promise<void> {
  try {
    await deleteSnapshot({ ...ec2Options(run), snapshotId, inUseTimeoutMs: 0 });
    run.leftovers.set('snapshot', undefined);
  } catch (error) {
    run.signal.throwIfAborted();
    run.notice(`cannot delete ${snapshotId}: ${(error as Error).message}`);
  }
}
