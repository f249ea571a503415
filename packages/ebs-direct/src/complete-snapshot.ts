import { createHash } from 'node:crypto';
import { CompleteSnapshotCommand } from '@aws-sdk/client-ebs';
import { type Policy, policies, retry, waitUntil } from '@ec2-image/aws-call';
import { zeroDigest } from '@ec2-image/disk-blocks';
import { sizeOf } from './block-ranges.ts';
import { describeSnapshot } from './describe-snapshot.ts';
import { EbsDirectError } from './errors.ts';
import type { Ebs, Ec2 } from './senders.ts';
import type { ExpectedContent } from './verify-snapshot.ts';
import { volumeBlocks } from './volume-size.ts';

/** Of blocks that a snapshot with this content has, zeros included. */
export function presentBlocks({ sizeBytes, omitted = [] }: ExpectedContent): number {
  return volumeBlocks(sizeBytes) - sizeOf(omitted);
}

/** SHA-256 over the blocks' SHA-256 in the order of their indexes: what EBS calls LINEAR. */
export function linearChecksum({ digests, sizeBytes, omitted = [] }: ExpectedContent): string {
  const hash = createHash('sha256');
  const end = volumeBlocks(sizeBytes);
  let next = 0;
  for (const { first, end: resume } of [...omitted, { first: end, end }]) {
    for (; next < first; next += 1) hash.update(digests.get(next) ?? zeroDigest);
    next = resume;
  }
  return hash.digest('base64');
}

/** Tells EBS that these are all blocks, those of zeros included. It answers before it has checked them. */
export async function completeSnapshot(
  ebs: Ebs,
  { snapshotId, content }: { readonly snapshotId: string; readonly content: ExpectedContent },
): Promise<void> {
  await retry(ebs, {
    policy: policies.ebsCall,
    call: () =>
      ebs.send(
        new CompleteSnapshotCommand({
          SnapshotId: snapshotId,
          ChangedBlocksCount: presentBlocks(content),
          Checksum: linearChecksum(content),
          ChecksumAlgorithm: 'SHA256',
          ChecksumAggregationMethod: 'LINEAR',
        }),
      ),
  });
}

/**
 * EBS completes in its own time, and only EC2 tells. An absence right after the start is a lagging read.
 *
 * @throws EbsDirectError `SNAPSHOT_FAILED`, `SNAPSHOT_STALLED`
 */
export async function waitUntilComplete(
  ec2: Ec2,
  { snapshotId, policy }: { readonly snapshotId: string; readonly policy: Policy },
): Promise<void> {
  let absences = 0;
  await waitUntil(ec2, {
    policy,
    async ask() {
      const snapshot = await describeSnapshot(ec2, snapshotId);
      absences = snapshot ? 0 : absences + 1;
      if (absences >= policies.deletedSnapshot.attempts) throw deleted(snapshotId);
      if (snapshot?.State === 'error') throw failed(snapshotId, snapshot.StateMessage);
      return snapshot?.State === 'completed' ? true : undefined;
    },
    onTimeout: (waitedMs) => stalled(snapshotId, waitedMs),
  });
}

function deleted(snapshotId: string): EbsDirectError {
  return new EbsDirectError('SNAPSHOT_FAILED', `${snapshotId} was deleted before it was complete`, {
    hint: 'Find out who deletes snapshots in this account, then run the same command again.',
    facts: { snapshotId },
  });
}

function failed(snapshotId: string, reason: string | undefined): EbsDirectError {
  return new EbsDirectError('SNAPSHOT_FAILED', `${snapshotId} failed: ${reason || 'EBS gives no reason'}`, {
    hint: 'Run the same command again: it writes another snapshot.',
    facts: { snapshotId },
  });
}

function stalled(snapshotId: string, waitedMs: number): EbsDirectError {
  const minutes = Math.round(waitedMs / 60_000);
  return new EbsDirectError('SNAPSHOT_STALLED', `${snapshotId} is not complete after ${minutes} minutes`, {
    hint: 'EBS completes the snapshot by itself.',
    resumable: true,
    facts: { snapshotId },
  });
}
