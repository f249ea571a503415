import { deleteSnapshot, findSnapshot } from '@ec2-image/ec2-import';
import { isSufficientProof, provenanceKeys, readProof } from '@ec2-image/provenance';
import { ec2Options, type ImageRun, wantedSnapshotOf } from './run.ts';
import type { ObtainedSnapshot } from './snapshot.ts';

/*
 * Two machines that import one image at once, under two suffixes or by two ways, see nothing of each other until both
 * have a snapshot. One of them is enough: the later run uses the earlier one's where it sees it in time, and deletes its
 * own where nothing uses it.
 */

/**
 * The snapshot to register: this run's own, unless another run has tagged an older one of the same image meanwhile. All
 * runs choose the oldest, so that no two give way to each other.
 */
export async function preferOldest(run: ImageRun, own: ObtainedSnapshot): Promise<ObtainedSnapshot> {
  const { request, digest, cloud, notice } = run;
  // A fresh one, or one that no other AMI has, is asked for as such; and one that is to be verified is verified with what this run
  // has at hand.
  if (!own.isOwn || request.fresh || request.ami.ownSnapshot || request.verify) return own;
  const found = await findSnapshot({
    ...ec2Options(run),
    onNotice: undefined,
    digest,
    format: request.via === 'ebs' ? 'raw' : request.format,
    account: cloud.account,
    ...wantedSnapshotOf(run),
    importTasks: false,
  });
  if (found.state !== 'complete' || found.proof !== 'tags' || !isAlike(found.snapshot, own)) return own;
  const extent = readProof(found.tags);
  if (extent === undefined || !isSufficientProof(extent, request.proof)) return own;
  const { snapshotId } = found.snapshot;
  notice(`another run has made snapshot ${snapshotId} of this image at the same time: using it`);
  await deleteSurplus(run, own);
  run.known.proof = { extent, converter: found.tags[provenanceKeys.converter] };
  return found.snapshot;
}

function isAlike(other: ObtainedSnapshot, own: ObtainedSnapshot): boolean {
  return (
    other.snapshotId !== own.snapshotId &&
    other.sizeGiB === own.sizeGiB &&
    (own.encrypted === undefined || other.encrypted === own.encrypted)
  );
}

/** Where the AMI of this name turned out to be another run's: its snapshot is in use, and this run's is not. */
export async function deleteUnused(
  run: ImageRun,
  { own, usedId }: { readonly own: ObtainedSnapshot; readonly usedId: string },
): Promise<void> {
  if (!own.isOwn || own.snapshotId === usedId) return;
  run.notice(`another run has registered the AMI from snapshot ${usedId} at the same time: using it`);
  await deleteSurplus(run, own);
}

/** One that cannot be deleted does not fail the run, which names it. */
async function deleteSurplus(run: ImageRun, { snapshotId }: ObtainedSnapshot): Promise<void> {
  try {
    await deleteSnapshot({ ...ec2Options(run), snapshotId, inUseTimeoutMs: 0 });
    run.notice(`deleted snapshot ${snapshotId}, which nothing uses`);
  } catch (error) {
    run.signal.throwIfAborted();
    run.notice(`snapshot ${snapshotId} remains: ${(error as Error).message}`);
  }
}
