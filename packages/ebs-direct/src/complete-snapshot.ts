import { createHash } from 'node:crypto';
import { CompleteSnapshotCommand, type EBSClient } from '@aws-sdk/client-ebs';
import { DescribeSnapshotsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { hasAwsCode } from '@ec2-image/aws-call';
import { blockCount, zeroDigest } from '@ec2-image/disk-blocks';
import { EbsDirectError } from './errors.ts';
import { type PatientCalls, patiently, sleepFor } from './retried.ts';
import type { ExpectedContent } from './verify-snapshot.ts';

/** SHA-256 over the blocks' SHA-256 in the order of their indexes: what EBS calls LINEAR. */
export function linearChecksum({ digests, sizeBytes }: ExpectedContent): string {
  const hash = createHash('sha256');
  for (let index = 0; index < blockCount(sizeBytes); index += 1)
    hash.update(digests.get(index) ?? zeroDigest);
  return hash.digest('base64');
}

/** Tells EBS that these are all blocks, those of zeros included. It answers before it has looked. */
export async function completeSnapshot(
  { ebs, ...options }: PatientCalls & { readonly ebs: EBSClient },
  { snapshotId, content }: { readonly snapshotId: string; readonly content: ExpectedContent },
): Promise<void> {
  await patiently(options, 'CompleteSnapshot', () =>
    ebs.send(
      new CompleteSnapshotCommand({
        SnapshotId: snapshotId,
        ChangedBlocksCount: blockCount(content.sizeBytes),
        Checksum: linearChecksum(content),
        ChecksumAlgorithm: 'SHA256',
        ChecksumAggregationMethod: 'LINEAR',
      }),
      { abortSignal: options.signal },
    ),
  );
}

/** Reads lag; so many in a row, over some two minutes, do not. */
const believedAbsences = 15;

/** EBS completes in its own time, and only EC2 tells. An absence right after the start is a lagging read. */
export async function waitUntilComplete(
  options: PatientCalls & {
    readonly ec2: EC2Client;
    readonly completeTimeoutMs?: number;
    readonly now?: () => number;
  },
  snapshotId: string,
): Promise<void> {
  const { ec2, signal, sleep = sleepFor, now = Date.now } = options;
  const { completeTimeoutMs = 60 * 60_000, pollIntervalMs = 15_000 } = options;
  const deadline = now() + completeTimeoutMs;
  let absences = 0;
  for (let pauseMs = Math.min(500, pollIntervalMs); ; pauseMs = Math.min(pauseMs * 1.5, pollIntervalMs)) {
    const { Snapshots = [] } = await patiently(options, 'DescribeSnapshots', () =>
      ec2
        .send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }), { abortSignal: signal })
        .catch((error: unknown) => {
          if (hasAwsCode(error, 'InvalidSnapshot.NotFound')) return { Snapshots: [] };
          throw error;
        }),
    );
    const [snapshot] = Snapshots;
    if (snapshot?.State === 'completed') return;
    absences = snapshot ? 0 : absences + 1;
    if (absences >= believedAbsences) {
      throw new EbsDirectError('SNAPSHOT_FAILED', `${snapshotId} is gone before it was complete`, {
        hint: 'See who deletes snapshots in this account, then run the same command again.',
        facts: { snapshotId },
      });
    }
    if (snapshot?.State === 'error') {
      throw new EbsDirectError(
        'SNAPSHOT_FAILED',
        `${snapshotId} failed: ${snapshot.StateMessage || 'EBS gives no reason'}`,
        {
          hint: 'Run the same command again: it writes another snapshot.',
          facts: { snapshotId },
        },
      );
    }
    if (now() >= deadline) {
      throw new EbsDirectError(
        'SNAPSHOT_STALLED',
        `${snapshotId} is not complete after ${Math.round(completeTimeoutMs / 60_000)} minutes`,
        {
          hint: 'Run the same command again: it looks for the snapshot and goes on with it.',
          facts: { snapshotId },
        },
      );
    }
    await sleep(pauseMs, signal);
  }
}
