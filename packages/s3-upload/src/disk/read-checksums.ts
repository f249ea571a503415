import { open } from 'node:fs/promises';
import { combineChecksums, createChecksum } from '@ec2-image/s3-checksum';
import type { FinishedDisk } from './disk.ts';
import { readFully } from './disk-reader.ts';
import { type PartPlan, partRange } from './part-plan.ts';

/** What every part of the disk must have in S3. */
export interface DiskChecksums {
  readonly size: number;
  /** CRC32 and size of each part, in order. */
  readonly parts: readonly PartChecksum[];
  /** CRC32 of the whole disk. */
  readonly whole: string;
}

export interface PartChecksum {
  /** CRC32, in base64. */
  readonly checksum: string;
  /** In bytes. */
  readonly size: number;
}

const stepBytes = 2 ** 20;

/** Reads the disk on its own, by another handle and other buffers than those its parts are sent from; what is known already is not read. */
export async function readChecksums({
  disk,
  plan,
  known,
  signal,
}: {
  readonly disk: FinishedDisk;
  readonly plan: PartPlan;
  /** By number. */
  readonly known?: ReadonlyMap<number, PartChecksum>;
  readonly signal?: AbortSignal;
}): Promise<DiskChecksums> {
  await using file = await open(disk.path);
  const buffer = Buffer.allocUnsafe(Math.min(stepBytes, disk.size));
  const parts: PartChecksum[] = [];
  for (let number = 1; number <= plan.count; number++) {
    const { start, end } = partRange(plan, number);
    const knownPart = known?.get(number);
    if (knownPart) {
      parts.push({ checksum: knownPart.checksum, size: knownPart.size });
      continue;
    }
    const checksum = createChecksum('CRC32');
    for (let at = start; at < end; at += stepBytes) {
      signal?.throwIfAborted();
      const into = buffer.subarray(0, Math.min(stepBytes, end - at));
      checksum.update(await readFully(file, { path: disk.path, start: at, into }));
    }
    parts.push({ checksum: checksum.digest(), size: end - start });
  }
  return { size: plan.size, parts, whole: combineChecksums('CRC32', parts) };
}
