import { createCipheriv, createHash } from 'node:crypto';
import { findFacts } from '../ec2/resources.ts';
import type { SnapshotFiles } from '../ec2/snapshot-files.ts';
import { hasBlock } from '../ec2/snapshots/block-table.ts';
import { blockBytes } from '../ec2/snapshots/blocks.ts';
import { type SnapshotFacts, snapshotState } from '../ec2/snapshots/snapshot.ts';
import { LocalAwsError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { openBlockFiles } from './block-files.ts';
import { blockCount } from './snapshot-access.ts';

export interface ReadVolumeOptions {
  readonly snapshotId: string;
  /** Whether the volume is encrypted. An encrypted snapshot makes no other; of any snapshot one can be made. Default: as the snapshot is. */
  readonly encrypted?: boolean;
  /** The first block of 512 KiB. Default 0. */
  readonly firstBlock?: number;
  /** Default: all to the volume's end. */
  readonly blocks?: number;
}

/**
 * What an instance reads of a volume made from the snapshot, a block at a time. A block that was never written to the
 * snapshot is zeros on an unencrypted volume, and on an encrypted one noise: the same at every reading.
 *
 * @throws LocalAwsError `SNAPSHOT_UNREADABLE` where there is no such snapshot, or it is not complete
 */
export async function* readVolume(
  { snapshotId, encrypted, firstBlock = 0, blocks }: ReadVolumeOptions,
  { store, files, now }: { readonly store: Store; readonly files: SnapshotFiles; readonly now: () => number },
): AsyncGenerator<Buffer> {
  const facts = findFacts<SnapshotFacts>(store, 'snapshot', snapshotId);
  const state = facts && snapshotState(facts, now());
  if (!facts || state !== 'completed') {
    throw new LocalAwsError(
      'SNAPSHOT_UNREADABLE',
      `No volume can be made of ${snapshotId}: ${state ?? 'missing'}`,
      {
        hint: 'Name a snapshot that is completed.',
        facts: { snapshotId },
      },
    );
  }
  const isEncrypted = facts.encrypted || encrypted === true;
  const end = Math.min(blockCount(facts), firstBlock + (blocks ?? Number.POSITIVE_INFINITY));
  const blockFiles = openBlockFiles(files);
  try {
    for (let index = firstBlock; index < end; index += 1) {
      if (hasBlock(store, snapshotId, index)) yield await blockFiles.read(snapshotId, index);
      else yield isEncrypted ? noise(snapshotId, index) : Buffer.alloc(blockBytes);
    }
  } finally {
    await blockFiles.close();
  }
}

/** Decrypting what was never encrypted gives bytes like random ones; these follow from snapshot and block alone. */
function noise(snapshotId: string, index: number): Buffer {
  const seed = createHash('sha256').update(`${snapshotId} ${index}`).digest();
  const cipher = createCipheriv('aes-128-ctr', seed.subarray(0, 16), seed.subarray(16));
  return cipher.update(Buffer.alloc(blockBytes));
}
