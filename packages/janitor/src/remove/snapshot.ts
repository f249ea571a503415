import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { hasAwsCode } from '@ec2-image/aws-call';
import type { SnapshotFact } from '../facts.ts';
import { scanSnapshots } from '../scan/snapshots.ts';
import { untilConfirmed, untilReleased, waitFor } from '../wait.ts';
import type { Removal, RemovalOptions } from './removal.ts';

export async function removeSnapshot(
  snapshot: SnapshotFact,
  { clients, account: _, ...waiting }: RemovalOptions,
): Promise<Removal> {
  const ec2 = clients.ec2(snapshot.region);
  const { signal } = waiting;
  await waitFor(
    async () => {
      try {
        await ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshot.snapshotId }), {
          abortSignal: signal,
        });
        return true;
      } catch (error) {
        if (hasAwsCode(error, 'InvalidSnapshot.NotFound')) return true;
        if (hasAwsCode(error, 'InvalidSnapshot.InUse')) return undefined;
        throw error;
      }
    },
    { ...untilReleased, ...waiting, what: `${snapshot.snapshotId} to be released by its deregistered AMI` },
  );
  return waitFor(
    async (): Promise<Removal | undefined> => {
      const filters = [{ Name: 'snapshot-id', Values: [snapshot.snapshotId] }];
      for await (const _ of scanSnapshots({ ec2, region: snapshot.region, filters, signal }))
        return undefined;
      return { outcome: 'deleted' };
    },
    { ...untilConfirmed, ...waiting, what: 'the snapshot to be gone' },
  );
}
