import { blockDigest, blockSizeBytes, zeroBlock } from '@ec2-image/disk-blocks';
import { createRanges } from './block-ranges.ts';
import type { ExpectedContent } from './verify-snapshot.ts';
import { type WholeVolumeOptions, wholeVolume } from './whole-volume.ts';

export interface DigestBlocksOptions extends Omit<WholeVolumeOptions, 'onOmitted'> {
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Reads a disk once and keeps the SHA-256 of every block that is not all zeros, in their order. */
export async function digestBlocks({ onProgress, ...volume }: DigestBlocksOptions): Promise<ExpectedContent> {
  const { sizeBytes, holes, blocks } = volume;
  const digests = new Map<number, Buffer>();
  const omitted = createRanges();
  for await (const { index, data, digest, release } of holes
    ? wholeVolume({ ...volume, onOmitted: omitted.add })
    : blocks) {
    if (data !== zeroBlock) digests.set(index, digest ?? blockDigest(data));
    release();
    onProgress?.({ done: Math.min((index + 1) * blockSizeBytes, sizeBytes), total: sizeBytes });
  }
  return { sizeBytes, digests, ...(holes && { omitted: omitted.list }) };
}
