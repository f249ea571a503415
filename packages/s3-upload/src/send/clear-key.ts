import { combineChecksums } from '@ec2-image/checksum';
import { linkedStop } from '../call/linked-stop.ts';
import { addressOf, type S3 } from '../call/s3.ts';
import {
  checkFinished,
  finishedDisk,
  type GrowingDisk,
  greatestSize,
  isStreamed,
  type UploadableDisk,
  waitingParts,
} from '../disk/disk.ts';
import { type PartPlan, partRange, planParts } from '../disk/part-plan.ts';
import { openPartReader } from '../disk/part-reader.ts';
import { type DiskChecksums, readChecksums } from '../disk/read-checksums.ts';
import { deleteObject } from '../object/delete-object.ts';
import { describeObject, type ObjectFacts } from '../object/describe-object.ts';
import { keyTaken, provenObject } from '../object/find-object.ts';
import { converterOf, judgeObject } from '../object/judge-object.ts';
import { readBack } from '../object/read-back.ts';
import type { StoredObject } from '../object/stored-object.ts';
import type { Placed, UploadDiskOptions } from '../upload-options.ts';

/**
 * Checks the object under the key before the upload: one made by ec2-image and proven is reused; one not proven is
 * compared with the disk, byte for byte, and reused or deleted; anything else is an error.
 *
 * @throws S3UploadError `KEY_TAKEN`
 */
export async function clearKey(
  s3: S3,
  options: UploadDiskOptions & { readonly replace: boolean },
): Promise<Placed | undefined> {
  const facts = await describeObject(s3, addressOf(options));
  if (!facts) return undefined;
  return reuseOrReplace(s3, { ...options, facts });
}

export async function reuseOrReplace(
  s3: S3,
  options: UploadDiskOptions & { readonly replace: boolean; readonly facts: ObjectFacts },
): Promise<Placed | undefined> {
  const { bucket, key, facts, replace } = options;
  const which = `s3://${bucket}/${key}`;
  const verdict = judgeObject(facts, options);
  if (verdict === 'foreign') throw keyTaken(options, facts);
  if (replace) {
    s3.notice(`${which} already exists; replacing it`);
    await deleteObject({ ...options, client: s3.client, object: describedObject(options, facts) });
    return undefined;
  }
  if (verdict === 'proven') {
    return { ...provenObject(options, facts), outcome: 'found' };
  }
  const equal = await equalToDisk(s3, options);
  if (equal) return { ...equal, outcome: 'found' };
  s3.notice(`${which} already exists but does not match this disk; replacing it`);
  await deleteObject({ ...options, client: s3.client, object: describedObject(options, facts) });
  return undefined;
}

/** An object that nothing is known of but what S3 reports. */
export function describedObject(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  { size, etag, lastModified, versionId, checksum, metadata }: ObjectFacts,
): StoredObject {
  return {
    bucket,
    key,
    size,
    etag,
    lastModified,
    versionId,
    checksum: checksum ?? { algorithm: 'CRC32', value: '', type: 'FULL_OBJECT' },
    provenBy: 'read-back',
    converter: converterOf(metadata),
  };
}

async function equalToDisk(
  s3: S3,
  options: UploadDiskOptions & { readonly facts: ObjectFacts },
): Promise<StoredObject | undefined> {
  const { facts } = options;
  const disk = 'make' in options.disk ? options.disk : await finishedDisk(options.disk);
  if (!isStreamed(disk) && disk.size !== facts.size) return undefined;
  const plan = planParts({ size: greatestSize(disk), partSize: options.partSize });
  const expected = await checksumsOf(s3, disk, plan);
  if (expected.size !== facts.size) return undefined;
  const stored = await readBack({
    s3,
    address: addressOf(options),
    etag: facts.etag,
    ranges: expected.parts.map((_, index) => partRange({ ...plan, size: expected.size }, index + 1)),
  });
  if (stored.some((checksum, index) => checksum !== expected.parts[index]?.checksum)) return undefined;
  return {
    ...describedObject(options, facts),
    checksum: { algorithm: 'CRC32', value: expected.whole, type: 'FULL_OBJECT' },
  };
}

async function checksumsOf(
  s3: S3,
  disk: Exclude<UploadableDisk, GrowingDisk>,
  plan: PartPlan,
): Promise<DiskChecksums> {
  if (!('make' in disk)) {
    await checkFinished(disk);
    return readChecksums({ disk, plan, signal: s3.signal });
  }
  using stop = linkedStop(s3.signal);
  const { partSize } = plan;
  const count = 1 + waitingParts(disk, partSize);
  await using reader = await openPartReader({ disk, partSize, count, sleep: s3.sleep, signal: stop.signal });
  const checksumOf = (_: unknown, index: number) =>
    reader.with(
      partRange(plan, index + 1),
      async (part) => part && { checksum: part.checksum, size: part.bytes.length },
    );
  const making = Array.from({ length: plan.count }, checksumOf);
  const made = await Promise.all(making).finally(() => stop.abort());
  const parts = made.filter((part) => part !== undefined);
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return { size, parts, whole: combineChecksums('CRC32', parts) };
}
