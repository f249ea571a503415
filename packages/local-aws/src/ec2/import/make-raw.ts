import { rm } from 'node:fs/promises';
import { type KeyUse, keyRequirements, volumeKeyActions } from '../../kms/key-use.ts';
import { findKey, whyUnusable } from '../../kms/keys.ts';
import type { ImportObject, ObjectBytes } from '../import-objects.ts';
import { type ValidDisk, validateDisk } from './disk-validation.ts';
import { ImportFailure, validationFailure } from './import-failure.ts';
import {
  convertedProgress,
  downloadPath,
  type ImportWork,
  milestones,
  rawPath,
  stall,
} from './import-work.ts';
import { convertToRaw } from './qemu-img.ts';
import { sparseCopy } from './sparse-copy.ts';

/**
 * Writes the disk that the task's object holds to `rawPath`, and gives its size in bytes.
 *
 * @param waitFor until so much of the task's least time has passed
 * @throws ImportFailure, or the reason for which the task's signal aborted
 */
export async function makeRaw(work: ImportWork, waitFor: (share: number) => Promise<void>): Promise<number> {
  const { task, slots } = work;
  const { signal } = task;
  const { validated, converting } = milestones;
  const object = permittedObject(work);
  const disk = await object.open();
  try {
    const { virtualSizeBytes, ...valid } = await validateDisk(disk, task.facts.format, signal);
    task.update({ diskImageSizeBytes: object.sizeBytes });
    await waitFor(validated.share);
    task.reach(validated.progress, validated.message);
    await waitFor(converting.share);
    const { fails, stallsAt } = task.facts;
    if (fails) throw new ImportFailure(fails.statusMessage);
    task.reach(stallsAt ?? converting.progress, converting.message);
    if (stallsAt !== undefined) await stall(work);
    const giveBack = await slots.take(signal);
    try {
      await copyAndConvert(work, { disk, ...valid });
    } finally {
      giveBack();
    }
    return virtualSizeBytes;
  } catch (error) {
    // The files of an object that is deleted under the import vanish before anybody has looked.
    if (
      isMissing(error) &&
      work.objects.find(task.facts.bucket, task.facts.key)?.identity !== object.identity
    ) {
      throw objectGone();
    }
    throw error;
  } finally {
    await disk.close();
  }
}

async function copyAndConvert(
  work: ImportWork,
  { disk, format, vhdSizeRule, stream }: Omit<ValidDisk, 'virtualSizeBytes'> & { disk: ObjectBytes },
): Promise<void> {
  const { task } = work;
  const { signal } = task;
  const { progress: startProgress, message } = milestones.converting;
  const copied = format === 'RAW' ? convertedProgress : (startProgress + convertedProgress) / 2;
  const shown = (from: number, to: number, share: number) =>
    task.reach(Math.floor(from + share * (to - from)), message);
  await sparseCopy(disk, format === 'RAW' ? rawPath(work) : downloadPath(work), {
    signal,
    inspect: stream && ((chunk, offset) => stream.take(chunk, offset)),
    onProgress: (bytes) => shown(startProgress, copied, bytes / disk.size),
  });
  stream?.end();
  if (format === 'RAW') return;
  await convertToRaw({
    input: downloadPath(work),
    format,
    vhdSizeRule,
    output: rawPath(work),
    signal,
    onProgress: (percent) => shown(copied, convertedProgress, percent / 100),
  }).catch((error) => {
    signal.throwIfAborted();
    throw isMissing(error) ? error : validationFailure(`The ${format} disk cannot be read`);
  });
  await rm(downloadPath(work));
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** @throws ImportFailure */
function permittedObject(work: ImportWork): ImportObject {
  const { task, roles, objects, queued } = work;
  const { roleName, bucket, key } = task.facts;
  const bucketPolicy = objects.bucketPolicy(bucket);
  if (!roles.mayReadObject(queued.accountId, roleName, { bucket, key, bucketPolicy })) {
    throw forbidden();
  }
  const object = objects.find(bucket, key);
  if (!object) throw objectGone();
  if (!mayReadContent(work, object) || !mayEncrypt(work)) throw forbidden();
  task.watch(() => {
    if (objects.find(bucket, key)?.identity !== object.identity) throw objectGone();
  });
  return object;
}

function objectGone(): ImportFailure {
  return validationFailure('Invalid S3 source location');
}

function forbidden(): ImportFailure {
  return validationFailure('We do not have access to the given resource. Reason 403 Forbidden');
}

/** An object with a KMS key is the role's to decrypt. */
function mayReadContent(work: ImportWork, { kmsKeyId }: ImportObject): boolean {
  return kmsKeyId === undefined || mayUseKey(work, kmsKeyId, { actions: ['Decrypt'], via: 's3' });
}

/** https://docs.aws.amazon.com/vm-import/latest/userguide/required-permissions.html: with a key, the role needs all of these. */
function mayEncrypt(work: ImportWork): boolean {
  const { kmsKeyId } = work.task.facts;
  return kmsKeyId === undefined || mayUseKey(work, kmsKeyId, { actions: volumeKeyActions, via: 'ec2' });
}

function mayUseKey(
  { store, roles, queued, task }: ImportWork,
  keyId: string,
  use: Pick<KeyUse, 'actions' | 'via'>,
): boolean {
  const { accountId, region } = queued;
  const key = findKey(store, { accountId, region }, keyId);
  if (!key || whyUnusable(key) !== undefined) return false;
  return keyRequirements({ key, ...use }).every(
    (requirement) => roles.decide(accountId, task.facts.roleName, requirement).allowed,
  );
}
