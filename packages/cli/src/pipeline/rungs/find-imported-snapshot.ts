import { deleteSnapshot, findSnapshot, type Snapshot, waitForImport } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { mayBeTheObject, waitOptions } from '../import-task.ts';
import { ec2Options, type ImageRun, type ObtainImage, objectLocation, wantedSnapshotOf } from '../run.ts';
import { requireSigner } from '../signer.ts';
import type { CompleteSnapshot } from '../snapshot.ts';

/** The snapshot by way of S3: complete, or that of an import task that an earlier run started. */
export async function findImportedSnapshot(
  run: ImageRun,
  obtainImage: ObtainImage,
): Promise<CompleteSnapshot | undefined> {
  const { request, cloud, digest, notice, steps } = run;
  const { bucket, key } = objectLocation(run);
  const found = await findSnapshot({
    ...ec2Options(run),
    digest,
    format: request.format,
    account: cloud.account,
    bucket,
    key,
    ...wantedSnapshotOf(run),
    fresh: request.fresh,
    deleted: run.discardedSnapshots,
  });
  run.endedAttempts.number = found.endedAttempts;
  if (found.state === 'none') return undefined;
  await requireSigner(run, found.state === 'complete' ? found.tags : {}, obtainImage);
  if (found.state === 'complete') {
    notice(`reusing snapshot ${found.snapshot.snapshotId}`);
    steps.reuse('import');
    return { snapshot: found.snapshot };
  }
  const snapshot = await waitFor(run, found.importTaskId);
  if (!snapshot) run.endedAttempts.number += 1;
  return snapshot && { snapshot };
}

/** A task that an earlier run started. Undefined where it failed in a way that another attempt may not. */
async function waitFor(run: ImageRun, importTaskId: string): Promise<Snapshot | undefined> {
  run.notice(`import task ${importTaskId} is already running; waiting for it`);
  run.leftovers.set('task', `import task ${importTaskId}`);
  try {
    return await run.steps.take('import', () => waitForImport({ ...waitOptions(run), importTaskId }));
  } catch (error) {
    const { retryable, snapshotId } = (isExplained(error) ? error.facts : {}) as {
      retryable?: boolean;
      snapshotId?: string;
    };
    // An earlier run cancelled it, as EC2 shows a little later.
    const wasCancelled = isExplained(error) && error.code === 'IMPORT_CANCELLED';
    if (!(retryable || wasCancelled || mayBeTheObject(error)) || run.signal.aborted) throw error;
    run.notice(`${(error as Error).message}; importing again`);
    if (snapshotId) await deleteSnapshot({ ...ec2Options(run), snapshotId });
    return undefined;
  }
}
