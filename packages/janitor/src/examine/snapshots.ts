import { DescribeLockedSnapshotsCommand, DescribeSnapshotAttributeCommand } from '@aws-sdk/client-ec2';
import { refusedCodeOf } from '@ec2-image/aws-call';
import type { SnapshotDetail } from '../facts.ts';
import type { Ec2 } from '../senders.ts';

/** Who may use a snapshot, and whether it is locked. Undefined: it is gone. */
export async function readSnapshot({
  ec2,
  snapshotId,
}: {
  readonly ec2: Ec2;
  readonly snapshotId: string;
}): Promise<SnapshotDetail> {
  const answers = await Promise.all([
    ec2.send(
      new DescribeSnapshotAttributeCommand({ SnapshotId: snapshotId, Attribute: 'createVolumePermission' }),
    ),
    ec2.send(new DescribeLockedSnapshotsCommand({ SnapshotIds: [snapshotId] })),
  ]).catch((error) => {
    if (refusedCodeOf(error) === 'InvalidSnapshot.NotFound') return undefined;
    throw error;
  });
  if (!answers) return undefined;
  const [{ CreateVolumePermissions }, { Snapshots }] = answers;
  const lock = Snapshots?.find(({ SnapshotId }) => SnapshotId === snapshotId)?.LockState;
  return {
    sharedWith: (CreateVolumePermissions ?? []).flatMap(({ Group, UserId }) => Group ?? UserId ?? []),
    lock: lock === 'expired' ? undefined : lock,
  };
}
