import type { Ec2Options } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { deleteSnapshot } from './delete-snapshot.ts';

/** Deletes the snapshot that a failed import left; reports it where that fails. */
export async function discardSnapshot(
  options: Ec2Options & { readonly onDiscarded?: (snapshotId: string) => void },
  error: unknown,
): Promise<void> {
  if (!(error instanceof Ec2ImportError) || !/^IMPORT_|^(KMS_KEY_UNUSABLE|SNAPSHOT_FAILED)$/.test(error.code))
    return;
  const { snapshotId } = error.facts as { snapshotId?: string };
  if (!snapshotId) return;
  options.onDiscarded?.(snapshotId);
  try {
    await deleteSnapshot({ ...options, snapshotId, inUseTimeoutMs: 0 });
    options.onNotice?.(`Deleted snapshot ${snapshotId} of the failed import.`);
  } catch (failure) {
    options.signal?.throwIfAborted();
    options.onNotice?.(
      `Could not delete snapshot ${snapshotId} of the failed import: ${(failure as Error).message}.`,
    );
  }
}
