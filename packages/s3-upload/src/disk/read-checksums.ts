import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { combineChecksums, createChecksum } from '@ec2-image/checksum';
import { digestAlgorithm, digestOf } from '@ec2-image/provenance';
import { diskChanged, type FinishedDisk, openDiskFile } from './disk.ts';
import { readFully } from './file-reader.ts';
import { type ByteRange, type PartPlan, partRange } from './part-plan.ts';

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

/**
 * Reads the disk on its own, by another handle and other buffers than those its parts are sent from. One with a digest is
 * hashed in the same pass.
 *
 * @throws S3UploadError `DISK_CHANGED` where the digest is another
 */
export async function readChecksums({
  disk,
  plan,
  signal,
}: {
  readonly disk: FinishedDisk;
  readonly plan: PartPlan;
  readonly signal?: AbortSignal;
}): Promise<DiskChecksums> {
  await using file = await openDiskFile(disk.path);
  const buffers = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(stepBytes, disk.size)));
  const parts: PartChecksum[] = [];
  const algorithm = disk.digest && digestAlgorithm(disk.digest);
  const hash = algorithm && createHash(algorithm);
  for (let number = 1; number <= plan.count; number++) {
    const { start, end } = partRange(plan, number);
    const checksum = createChecksum('CRC32');
    for await (const bytes of readRange(file, { path: disk.path, start, end, buffers })) {
      signal?.throwIfAborted();
      checksum.update(bytes);
      hash?.update(bytes);
    }
    parts.push({ checksum: checksum.digest(), size: end - start });
  }
  const digest = hash && algorithm && digestOf(algorithm, hash.digest('hex'));
  if (digest !== disk.digest) throw diskChanged(disk.path, `its digest is ${digest}, not ${disk.digest}`);
  return { size: plan.size, parts, whole: combineChecksums('CRC32', parts) };
}

/** What is yielded is good until the next one is asked for: that is being read meanwhile, into the other buffer. */
async function* readRange(
  file: FileHandle,
  { path, start, end, buffers }: ByteRange & { readonly path: string; readonly buffers: readonly Buffer[] },
): AsyncGenerator<Buffer> {
  const read = (at: number, index: number) => {
    const into = buffers[index % 2]!.subarray(0, Math.max(0, Math.min(stepBytes, end - at)));
    const reading = readFully(file, { path, start: at, into });
    // Met where it is awaited, or nowhere once its reader has gone.
    reading.catch(() => {});
    return reading;
  };
  let next = read(start, 0);
  for (let at = start, index = 0; at < end; at += stepBytes, index++) {
    const bytes = await next;
    next = read(at + stepBytes, index + 1);
    yield bytes;
  }
}
