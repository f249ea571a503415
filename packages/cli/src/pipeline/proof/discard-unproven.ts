import type { StoredObject } from '@ec2-image/s3-upload';
import { discardDisk } from '../discard-disk.ts';
import { discardObject } from '../discard-object.ts';
import { discardSnapshot } from '../discard-snapshot.ts';
import type { ImageRun } from '../run.ts';
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
    if (isWrong || !isTagged) await discardSnapshot(run, snapshotId, { isWrong });
    else run.unwantedSnapshots.push(snapshotId);
  }
  if (object) await discardObject(run, object);
  await discardDisk(run);
  run.signal.throwIfAborted();
  if (isWrong) failedProofs.wrong += 1;
  else failedProofs.unproven += 1;
  const isEnough = failedProofs.wrong >= mostWrong || failedProofs.unproven >= mostUnproven;
  if (isEnough || because.code === 'IMAGE_CHANGED') throw because;
  run.notice(`${because.message}: ${isWrong ? 'converting again with qemu-img' : 'importing again'}`);
}
