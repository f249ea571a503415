import { isAwsCallError } from '@ec2-image/aws-call';
import { partRange } from '../disk/part-plan.ts';
import type { DiskChecksums } from '../disk/read-checksums.ts';
import { S3UploadError } from '../errors.ts';
import { deleteObject } from '../object/delete-object.ts';
import { describeObject, type ObjectFacts } from '../object/describe-object.ts';
import { judgeObject } from '../object/judge-object.ts';
import { readBack } from '../object/read-back.ts';
import type { Proof, StoredObject } from '../object/stored-object.ts';
import type { UploadDiskOptions } from '../upload-options.ts';
import { describedObject } from './clear-key.ts';
import { compareObject } from './compare-object.ts';
import { lostUpload, StartAgain } from './start-again.ts';
import type { UploadJob } from './upload-job.ts';

/**
 * Proves the completed object: what S3 reports of it equals what an independent read of the disk came to. Where S3 reports
 * too little, the object is read back. A corrupt one is deleted.
 *
 * @throws StartAgain with `UPLOAD_CORRUPTED` naming the parts
 */
export async function proveObject({
  job,
  options,
  disk,
  adopted,
}: {
  readonly job: UploadJob;
  readonly options: UploadDiskOptions;
  readonly disk: DiskChecksums;
  readonly adopted: boolean;
}): Promise<StoredObject> {
  const facts = await describeObject(job.s3, job.address);
  if (!facts)
    throw lostUpload(`s3://${options.bucket}/${options.key} disappeared as soon as it was complete`);
  // The metadata is that of whoever began the upload: one that was taken over may say something else.
  if (adopted && judgeObject(facts, options) === 'foreign') throw await mislabelled({ job, options, facts });
  const etags = disk.parts.map((_, index) => job.sent.get(index + 1)!.etag);
  const reported = compareObject(facts, disk, { etags });
  if (reported === 'differs') throw await corrupted({ job, options, disk, facts });
  // An ETag proves that the object is made of these parts; each of them must have been proven itself.
  const partsProven = [...job.sent.values()].every(({ proof }) => proof !== 'none');
  const provenBy: Proof | undefined =
    reported === 'checksum' || (reported === 'etag' && partsProven) ? reported : undefined;
  if (provenBy === undefined || options.readBack === 'always') {
    const differing = await differingParts({ job, disk, facts });
    if (differing.length > 0) throw await corrupted({ job, options, disk, facts, differing });
  }
  return {
    ...describedObject(options, facts),
    checksum: { algorithm: 'CRC32', value: disk.whole, type: 'FULL_OBJECT' },
    provenBy: options.readBack === 'always' ? 'read-back' : (provenBy ?? 'read-back'),
  };
}

/** The numbers of the parts that S3 serves otherwise than the disk has them. */
async function differingParts({
  job: { s3, address, plan },
  disk,
  facts,
}: {
  readonly job: UploadJob;
  readonly disk: DiskChecksums;
  readonly facts: ObjectFacts;
}): Promise<number[]> {
  const finalPlan = { ...plan, size: disk.size };
  const ranges = disk.parts.map((_, index) => partRange(finalPlan, index + 1));
  const stored = await readBack({ s3, address, etag: facts.etag, ranges });
  return stored.flatMap((checksum, index) => (checksum === disk.parts[index]?.checksum ? [] : [index + 1]));
}

async function corrupted({
  job,
  options,
  disk,
  facts,
  differing,
}: {
  readonly job: UploadJob;
  readonly options: UploadDiskOptions;
  readonly disk: DiskChecksums;
  readonly facts: ObjectFacts;
  readonly differing?: readonly number[];
}): Promise<StartAgain> {
  const partNumbers = differing ?? (await nameParts({ job, disk, facts }));
  await deleteObject({ ...options, client: job.s3.client, object: describedObject(options, facts) });
  const where = partNumbers.length > 0 ? `in part ${partNumbers.join(', ')}` : 'in an unidentified part';
  return new StartAgain(
    new S3UploadError(
      'UPLOAD_CORRUPTED',
      `s3://${options.bucket}/${options.key} did not match what was sent, ${where}; ec2-image deleted it`,
      {
        hint: 'Run the same command again; if it recurs, contact AWS Support with the bucket, key and time.',
        facts: { bucket: options.bucket, key: options.key, partNumbers },
      },
    ),
  );
}

async function mislabelled({
  job,
  options,
  facts,
}: {
  readonly job: UploadJob;
  readonly options: UploadDiskOptions;
  readonly facts: ObjectFacts;
}): Promise<StartAgain> {
  await deleteObject({ ...options, client: job.s3.client, object: describedObject(options, facts) });
  return lostUpload('the resumed upload had been started for something else');
}

/** For the message alone: it may be that the object cannot be read, or has another size. */
async function nameParts(stored: {
  readonly job: UploadJob;
  readonly disk: DiskChecksums;
  readonly facts: ObjectFacts;
}): Promise<readonly number[]> {
  try {
    return await differingParts(stored);
  } catch (error) {
    stored.job.s3.signal?.throwIfAborted();
    if (!isAwsCallError(error)) throw error;
    return [];
  }
}
