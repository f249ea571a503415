import {
  DescribeLockedSnapshotsCommand,
  DescribeSnapshotAttributeCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import type { SnapshotDetail } from '../facts.ts';

/** Who may use a snapshot, and whether it is locked. */
export async function lookAtSnapshot({
  ec2,
  snapshotId,
  signal,
}: {
  readonly ec2: EC2Client;
  readonly snapshotId: string;
  readonly signal?: AbortSignal;
}): Promise<SnapshotDetail> {
  const [{ CreateVolumePermissions }, { Snapshots }] = await Promise.all([
    ec2.send(
      new DescribeSnapshotAttributeCommand({ SnapshotId: snapshotId, Attribute: 'createVolumePermission' }),
      { abortSignal: signal },
    ),
    ec2.send(new DescribeLockedSnapshotsCommand({ SnapshotIds: [snapshotId] }), { abortSignal: signal }),
  ]);
  const lock = Snapshots?.find(({ SnapshotId }) => SnapshotId === snapshotId)?.LockState;
  return {
    sharedWith: (CreateVolumePermissions ?? []).flatMap(({ Group, UserId }) => Group ?? UserId ?? []),
    lock: lock === 'expired' ? undefined : lock,
  };
}
