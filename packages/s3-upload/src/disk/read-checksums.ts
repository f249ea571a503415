import { createHash } from 'node:crypto';
import { combineChecksums, crc32Text } from '@ec2-image/checksum';
import { createRangeReader } from '@ec2-image/disk-blocks';
import { digestAlgorithm, digestOf } from '@ec2-image/provenance';
import { diskChanged, type FinishedDisk, openDiskFile } from './disk.ts';
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

/** What is hashed is in memory, so much of it at once and as much being read; what is not is read a part at a time. */
const hashedStepBytes = 2 ** 20;

/**
 * Reads the disk on its own, in worker threads, by another handle and into other memory than its parts are sent from. One
 * with a digest is hashed in the same pass.
 *
 * @throws S3UploadError `DISK_CHANGED` where the file is shorter, or its digest is another
 * @throws DiskBlocksError `LOCAL_FAILURE`, `WORKER_FAILED`
 */
export async function readChecksums({
  disk: { path, digest },
  plan,
  signal,
}: {
  readonly disk: FinishedDisk;
  readonly plan: PartPlan;
  readonly signal?: AbortSignal | undefined;
}): Promise<DiskChecksums> {
  await using reader = createRangeReader({ file: await openDiskFile(path), path });
  const algorithm = digest && digestAlgorithm(digest);
  const hash = algorithm && createHash(algorithm);
  const buffers = hash && [0, 1].map(() => new SharedArrayBuffer(hashedStepBytes));
  let unhashed: Buffer = Buffer.alloc(0);
  let steps = 0;
  const parts: PartChecksum[] = [];
  for (let number = 1; number <= plan.count; number++) {
    const { start, end } = partRange(plan, number);
    const stepBytes = hash ? hashedStepBytes : end - start;
    let crc32 = 0;
    for (let offset = start; offset < end; offset += stepBytes) {
      const length = Math.min(stepBytes, end - offset);
      const buffer = buffers?.[steps++ % 2];
      const reading = reader.read({ offset, length, buffer, crc32, signal });
      // The step before, while a thread reads into the other buffer.
      hash?.update(unhashed);
      const read = await reading;
      if (read.bytesRead < length) throw diskChanged(path, `it ends at byte ${offset + read.bytesRead}`);
      crc32 = read.crc32;
      if (buffer) unhashed = Buffer.from(buffer, 0, length);
    }
    parts.push({ checksum: crc32Text(crc32), size: end - start });
  }
  const found = hash && algorithm && digestOf(algorithm, hash.update(unhashed).digest('hex'));
  if (found !== digest) throw diskChanged(path, `its digest is ${found}, not ${digest}`);
  return { size: plan.size, parts, whole: combineChecksums('CRC32', parts) };
}
