import { DescribeSnapshotsCommand, type Snapshot } from '@aws-sdk/client-ec2';
import { findInTime, policies, refusedCodeOf } from '@ec2-image/aws-call';
import type { Ec2 } from './senders.ts';

/** Undefined where EC2 does not show it yet, or no longer. */
export async function describeSnapshot(ec2: Ec2, snapshotId: string): Promise<Snapshot | undefined> {
  try {
    const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
    return Snapshots?.[0];
  } catch (error) {
    if (refusedCodeOf(error) === 'InvalidSnapshot.NotFound') return undefined;
    throw error;
  }
}

/** Until EC2 shows what EBS has started, or 3 minutes have passed: then nothing will be seen of it. */
export async function waitUntilVisible(ec2: Ec2, snapshotId: string): Promise<void> {
  await findInTime(ec2, { policy: policies.visible, find: () => describeSnapshot(ec2, snapshotId) });
}
