import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { isTransient, policies, refusedCodeOf, retry } from '@ec2-image/aws-call';
import { createEc2, type Ec2Options } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';

/**
 * Deletes a snapshot; one that no longer exists is a success. A snapshot stays in use for minutes after its AMI is
 * deregistered, so that is retried for `inUseTimeoutMs` (default 10 minutes).
 *
 * @throws Ec2ImportError `SNAPSHOT_IN_USE` and the codes of a call
 */
export async function deleteSnapshot(
  options: Ec2Options & { readonly snapshotId: string; readonly inUseTimeoutMs?: number },
): Promise<void> {
  const { snapshotId, inUseTimeoutMs: limitMs = policies.snapshotInUse.limitMs } = options;
  const ec2 = createEc2(options);
  try {
    await retry(ec2, {
      policy: { ...policies.snapshotInUse, limitMs },
      call: () => ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId })),
      isRetryable: (error) => isTransient(error) || isInUse(error),
    });
  } catch (error) {
    if (refusedCodeOf(error) === 'InvalidSnapshot.NotFound') return;
    throw isInUse(error) ? inUse(snapshotId, error) : error;
  }
}

function isInUse(error: unknown): boolean {
  return refusedCodeOf(error) === 'InvalidSnapshot.InUse';
}

function inUse(snapshotId: string, cause: unknown): Ec2ImportError {
  return new Ec2ImportError('SNAPSHOT_IN_USE', `snapshot ${snapshotId} is in use by an AMI`, {
    hint: 'Deregister the AMI that uses it, or leave both.',
    cause,
    facts: { snapshotId },
  });
}
