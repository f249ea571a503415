import { deleteSnapshot, snapshotUsers, tagResources } from '@ec2-image/ec2-import';
import { failedProofTags, provenanceKeys } from '@ec2-image/provenance';
import { ec2Options, type ImageRun } from './run.ts';

/**
 * Deletes a snapshot that is not what it should be, before a later run could believe its tags, and uses it no more. An
 * AMI may use it: then it stays, and that is told; where it is another disk than its image, it is marked as such, and named
 * with the AMI among what is left.
 *
 * @param options.isWrong whether it is known to be another disk. Default true
 * @returns whether it is gone
 */
export async function discardSnapshot(
  run: ImageRun,
  snapshotId: string,
  { isWrong = true }: { readonly isWrong?: boolean } = {},
): Promise<boolean> {
  run.unwantedSnapshots.push(snapshotId);
  try {
    await deleteSnapshot({ ...ec2Options(run), snapshotId, inUseTimeoutMs: 0 });
    run.leftovers.set('snapshot', undefined);
    return true;
  } catch (error) {
    run.signal.throwIfAborted();
    run.notice(`cannot delete ${snapshotId}: ${(error as Error).message}`);
    if (isWrong) await markWrong(run, snapshotId);
    return false;
  }
}

async function markWrong(run: ImageRun, snapshotId: string): Promise<void> {
  const { signal, leftovers, notice } = run;
  const what = `snapshot ${snapshotId}, which is not the disk of its image`;
  leftovers.set('wrong', what);
  const overwrite = [provenanceKeys.proof];
  try {
    const users = await snapshotUsers({ ...ec2Options(run), snapshotId });
    if (users.length > 0) leftovers.set('wrong', `${what}, and ${users.join(', ')} made of it`);
    await tagResources({ ...ec2Options(run), ids: [snapshotId], tags: failedProofTags, overwrite });
  } catch (error) {
    signal.throwIfAborted();
    notice(`cannot mark ${snapshotId} as wrong: ${(error as Error).message}`);
  }
}
