import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { policies, refusedCodeOf, waitUntil } from '@ec2-image/aws-call';
import { gaveUpWaiting } from '../errors.ts';
import type { SnapshotFact } from '../facts.ts';
import { scanSnapshots } from '../scan/snapshots.ts';
import { type Removal, type RemovalOptions, untilConfirmed } from './removal.ts';

export async function removeSnapshot(
  { region, snapshotId }: SnapshotFact,
  { senders }: RemovalOptions,
): Promise<Removal> {
  const ec2 = senders.ec2(region);
  await waitUntil(ec2, {
    policy: policies.snapshotInUse,
    onTimeout: gaveUpWaiting(`${snapshotId} to be released by its deregistered AMI`),
    async ask() {
      try {
        await ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId }));
      } catch (error) {
        if (refusedCodeOf(error) === 'InvalidSnapshot.InUse') return undefined;
        if (refusedCodeOf(error) !== 'InvalidSnapshot.NotFound') throw error;
      }
      return true;
    },
  });
  return untilConfirmed(ec2, {
    what: 'the snapshot to be gone',
    async read() {
      const filters = [{ Name: 'snapshot-id', Values: [snapshotId] }];
      for await (const _ of scanSnapshots({ ec2, region, filters })) return undefined;
      return { outcome: 'deleted' };
    },
  });
}
