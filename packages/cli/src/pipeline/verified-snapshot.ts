import { policies } from '@ec2-image/aws-call';
import { type ExplainedError, isExplained } from '@ec2-image/explained-error';
import { discardSnapshot } from './discard-snapshot.ts';
import type { ImageRun } from './run.ts';
import type { ObtainedSnapshot } from './snapshot.ts';
import { verifyImported } from './verify-snapshot.ts';

const { attempts } = policies.differingSnapshot;

/**
 * `--verify`: the snapshot, compared with the image. One that differs is deleted, before a later run could believe its
 * tags, and obtained again, once.
 */
export async function obtainVerified(
  run: ImageRun,
  obtain: (run: ImageRun) => Promise<ObtainedSnapshot>,
): Promise<ObtainedSnapshot> {
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await obtain(run);
    try {
      await verifyImported(run, snapshot.snapshotId, snapshot.content);
      return snapshot;
    } catch (error) {
      if (!isDifference(error)) throw error;
      const isGone = await discardSnapshot(run, snapshot.snapshotId);
      if (!isGone || attempt === attempts) throw error;
      run.notice(`${error.message}: deleted; importing again`);
    }
  }
}

/** The same of one snapshot, which is not obtained again. */
export async function requireVerified(
  run: ImageRun,
  { snapshotId, content }: ObtainedSnapshot,
): Promise<void> {
  try {
    await verifyImported(run, snapshotId, content);
  } catch (error) {
    if (isDifference(error)) await discardSnapshot(run, snapshotId);
    throw error;
  }
}

function isDifference(error: unknown): error is ExplainedError {
  return isExplained(error) && error.code === 'SNAPSHOT_DIFFERS';
}
