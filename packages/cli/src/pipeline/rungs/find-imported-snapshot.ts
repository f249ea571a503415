import {
  deleteSnapshot,
  type FoundSnapshot,
  findSnapshot,
  type Snapshot,
  type TaskSource,
  waitForImport,
} from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { isSufficientProof, provenanceKeys, readProof } from '@ec2-image/provenance';
import { findObject, type StoredObject } from '@ec2-image/s3-upload';
import { requireBootMode } from '../boot/find-boot-mode.ts';
import { mayBeTheObject, waitOptions } from '../import-task.ts';
import { discardUnproven } from '../proof/discard-unproven.ts';
import { type ImportSignals, type ProofMeans, proveWhileImporting } from '../proof/prove-while-importing.ts';
import {
  ec2Options,
  type IdentifiedRun,
  type ImageRun,
  type ObtainImage,
  objectLocation,
  wantedSnapshotOf,
} from '../run.ts';
import { requireSigner } from '../signer.ts';
import type { CompleteSnapshot } from '../snapshot.ts';
import { FailedProof } from '../snapshot-proof.ts';

/**
 * The snapshot by way of S3: complete, or that of an import task that an earlier run started. What that run has not proven is
 * proven now, and deleted where it fails.
 */
export async function findImportedSnapshot(
  run: ImageRun,
  {
    obtainImage,
    onNothingYet,
    ...means
  }: ProofMeans & {
    readonly obtainImage: ObtainImage;
    /** Called where the first look finds nothing, while others are to confirm that. */
    readonly onNothingYet?: () => void;
  },
): Promise<CompleteSnapshot | undefined> {
  const { request, notice, steps } = run;
  const found = await findSnapshotOrTask(run, { onNothingYet });
  run.endedAttempts.number = Math.max(run.endedAttempts.number, found.endedAttempts);
  if (found.state === 'none') return undefined;
  await requireSigner(run, found.state === 'complete' ? found.tags : {}, obtainImage);
  await requireBootMode(run, found.tags, obtainImage);
  if (found.state === 'complete') {
    const extent = readProof(found.tags);
    if (extent !== undefined && isSufficientProof(extent, request.proof)) {
      notice(`reusing snapshot ${found.snapshot.snapshotId}`);
      steps.reuse('import');
      steps.reuse('prove');
      const converter = found.tags[provenanceKeys.converter];
      return { snapshot: found.snapshot, proof: { extent, converter } };
    }
    notice(`snapshot ${found.snapshot.snapshotId} is complete, and its proof is ${extent ?? 'missing'}`);
    steps.reuse('import');
  }
  const object = await sourceObject(run, found.source);
  const importing =
    found.state === 'complete'
      ? async () => found.snapshot
      : (signals: ImportSignals) => waitFor(run, found.importTaskId, signals);
  try {
    const proven = await proveWhileImporting(run, { object: object && { object }, importing, ...means });
    return { ...proven, object };
  } catch (error) {
    if (error instanceof FailedProof) {
      const isTagged = found.state === 'complete' && found.proof === 'tags';
      await discardUnproven(run, { failed: error, object, isTagged });
      // There may be another one.
      return findImportedSnapshot(run, { obtainImage, ...means });
    }
    if (found.state === 'complete' || !(await mayImportAgain(run, error))) throw error;
    run.endedAttempts.number += 1;
    return undefined;
  }
}

/** A snapshot or a task of this image. Changes nothing. */
export function findSnapshotOrTask(
  run: IdentifiedRun & Pick<ImageRun, 'earlierKey'> & Partial<Pick<ImageRun, 'unwantedSnapshots'>>,
  { onNothingYet }: { readonly onNothingYet?: () => void } = {},
): Promise<FoundSnapshot> {
  const { request, cloud, digest } = run;
  const { bucket, key } = objectLocation(run);
  return findSnapshot({
    ...ec2Options(run),
    digest,
    format: request.format,
    account: cloud.account,
    bucket,
    key,
    ...wantedSnapshotOf(run),
    fresh: request.fresh,
    onNothingYet,
    except: run.unwantedSnapshots,
  });
}

/** Where the task has read what is under this run's own key: an object with another key does not belong to this import. */
async function sourceObject(
  run: ImageRun,
  source: TaskSource | undefined,
): Promise<StoredObject | undefined> {
  const location = objectLocation(run);
  if (source?.bucket !== location.bucket || source.key !== location.key) return undefined;
  return findObject(location);
}

/** A task that an earlier run started. */
function waitFor(run: ImageRun, importTaskId: string, signals: ImportSignals): Promise<Snapshot> {
  run.notice(`import task ${importTaskId} is already running; waiting for it`);
  run.leftovers.set('task', `import task ${importTaskId}`);
  return run.steps.take('import', () => waitForImport({ ...waitOptions(run), ...signals, importTaskId }));
}

/** Whether it failed in a way that another attempt may not. */
async function mayImportAgain(run: ImageRun, error: unknown): Promise<boolean> {
  const { retryable, snapshotId } = (isExplained(error) ? error.facts : {}) as {
    retryable?: boolean;
    snapshotId?: string;
  };
  // An earlier run cancelled it, as EC2 shows a little later.
  const wasCancelled = isExplained(error) && error.code === 'IMPORT_CANCELLED';
  if (!(retryable || wasCancelled || mayBeTheObject(error)) || run.signal.aborted) return false;
  run.notice(`${(error as Error).message}; importing again`);
  if (snapshotId) await deleteSnapshot({ ...ec2Options(run), snapshotId });
  return true;
}
