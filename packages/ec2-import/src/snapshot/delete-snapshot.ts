import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { type Ec2Options, ec2Of } from '../ec2/ec2.ts';
import { backoffMs } from '../ec2/poll.ts';
import { Ec2ImportError, isPassing, refusedCode } from '../errors.ts';

/**
 * Deletes a snapshot; one that is gone already is a success. A snapshot stays in use for minutes after its AMI is
 * deregistered, so that is tried again for `inUseTimeoutMs` (default 5 minutes).
 *
 * @throws Ec2ImportError `SNAPSHOT_IN_USE` and the codes of a call
 */
export async function deleteSnapshot(
  options: Ec2Options & { readonly snapshotId: string; readonly inUseTimeoutMs?: number },
): Promise<void> {
  const { snapshotId, inUseTimeoutMs = 5 * 60_000 } = options;
  const ec2 = ec2Of(options);
  const deadline = ec2.now() + inUseTimeoutMs;
  for (let n = 1; ; n += 1) {
    try {
      await ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId }));
      return;
    } catch (error) {
      ec2.signal?.throwIfAborted();
      const code = refusedCode(error);
      if (code === 'InvalidSnapshot.NotFound') return;
      if (code !== 'InvalidSnapshot.InUse' && !isPassing(error)) throw error;
      if (ec2.now() >= deadline) throw code ? inUse(snapshotId, error) : error;
      await ec2.sleep(Math.min(backoffMs({ n, random: ec2.random(), baseMs: 2_000 }), ec2.pollIntervalMs));
    }
  }
}

function inUse(snapshotId: string, cause: unknown): Ec2ImportError {
  return new Ec2ImportError('SNAPSHOT_IN_USE', `snapshot ${snapshotId} is in use by an AMI`, {
    hint: 'Deregister the AMI that uses it, or leave both.',
    cause,
    facts: { snapshotId },
  });
}
