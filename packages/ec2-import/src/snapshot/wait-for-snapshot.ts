import { policies, waitUntil } from '@ec2-image/aws-call';
import type { ErrorCode } from '@ec2-image/explained-error';
import type { Ec2 } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { formatDuration } from '../format-duration.ts';
import { describeSnapshot } from './describe.ts';
import type { SnapshotFacts } from './snapshot.ts';

/** Until the snapshot is complete. `timeoutMs` is how long it may show no progress. */
export async function waitForSnapshot(
  ec2: Ec2,
  { snapshotId, timeoutMs }: { snapshotId: string; timeoutMs: number },
): Promise<SnapshotFacts> {
  let percent = -1;
  let changedAt = ec2.elapsed();
  const ask = async () => {
    const snapshot = await describeSnapshot(ec2, snapshotId);
    const idleMs = ec2.elapsed() - changedAt;
    if (!snapshot) {
      if (idleMs >= policies.visible.limitMs)
        throw snapshotError('SNAPSHOT_GONE', snapshotId, 'EC2 does not list it');
      return undefined;
    }
    if (snapshot.state === 'completed') return snapshot;
    if (snapshot.state !== 'pending')
      throw snapshotError('SNAPSHOT_FAILED', snapshotId, snapshot.stateMessage ?? `it is ${snapshot.state}`);
    if ((snapshot.percent ?? -1) !== percent) {
      percent = snapshot.percent ?? -1;
      changedAt = ec2.elapsed();
    } else if (idleMs >= timeoutMs) {
      throw snapshotError(
        'SNAPSHOT_STALLED',
        snapshotId,
        `it has been pending for ${formatDuration(idleMs)}`,
      );
    }
    return undefined;
  };
  return waitUntil(ec2, { policy: policies.snapshot, ask });
}

function snapshotError(code: ErrorCode, snapshotId: string, why: string): Ec2ImportError {
  return new Ec2ImportError(code, `snapshot ${snapshotId} cannot be used: ${why}`, {
    hint: 'Run the same command again: it imports the disk again if this snapshot stays unusable.',
    facts: { snapshotId, retryable: code !== 'SNAPSHOT_STALLED' },
  });
}
