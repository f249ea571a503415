import type { Ec2Options } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { deleteSnapshot } from './delete-snapshot.ts';

/** The snapshot that a failed import left is of no use to anybody. What cannot be deleted is told. */
export async function discardSnapshot(options: Ec2Options, error: unknown): Promise<void> {
  if (!(error instanceof Ec2ImportError) || !/^IMPORT_|^SNAPSHOT_FAILED$/.test(error.code)) return;
  const { snapshotId } = error.facts as { snapshotId?: string };
  if (!snapshotId) return;
  try {
    await deleteSnapshot({ ...options, snapshotId, inUseTimeoutMs: 0 });
    options.onNotice?.(`Deleted snapshot ${snapshotId} of the failed import.`);
  } catch (failure) {
    options.signal?.throwIfAborted();
    options.onNotice?.(`Snapshot ${snapshotId} of the failed import is left: ${(failure as Error).message}.`);
  }
}
