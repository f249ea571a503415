import {
  DescribeLockedSnapshotsCommand,
  DescribeSnapshotAttributeCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { hasAwsCode } from '@ec2-image/aws-call';
import type { SnapshotDetail } from '../facts.ts';

/** Who may use a snapshot, and whether it is locked. Undefined: it is gone. */
export async function lookAtSnapshot({
  ec2,
  snapshotId,
  signal,
}: {
  readonly ec2: EC2Client;
  readonly snapshotId: string;
  readonly signal?: AbortSignal;
}): Promise<SnapshotDetail> {
  const answers = await Promise.all([
    ec2.send(
      new DescribeSnapshotAttributeCommand({ SnapshotId: snapshotId, Attribute: 'createVolumePermission' }),
      { abortSignal: signal },
    ),
    ec2.send(new DescribeLockedSnapshotsCommand({ SnapshotIds: [snapshotId] }), { abortSignal: signal }),
  ]).catch((error) => {
    if (hasAwsCode(error, 'InvalidSnapshot.NotFound')) return undefined;
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
