import { isExplained, isImageCode } from '@ec2-image/explained-error';
import { earlierObjectKey, metadataOf } from '@ec2-image/provenance';
import * as s3 from '@ec2-image/s3-upload';
import { endedByImage, SentTooEarly, uploadJournal, whyImageEnded, whyRefused } from '../arriving-upload.ts';
import { requireBootMode } from '../boot/find-boot-mode.ts';
import { showLink } from '../chain.ts';
import { discardDisk } from '../discard-disk.ts';
import type { ObtainDisk } from '../proof/prove-object.ts';
import { proveWhileSending } from '../proof/prove-while-sending.ts';
import { readImage } from '../read-image.ts';
import { type IdentifiedRun, type ImageRun, type ObtainImage, objectLocation, objectUrl } from '../run.ts';
import { requireSigner } from '../signer.ts';
import type { ObtainedObject } from '../snapshot.ts';
import { isDamagedDisk } from '../snapshot-proof.ts';
import type { StartedDisk } from '../started-disk.ts';
import type { StepResult } from '../steps.ts';
import { converterTag, provenanceTagsOf } from '../tags.ts';

/** Where a version that did not take a prefix for a whole path element left this image's object, if it did. */
export async function locateObject<R extends IdentifiedRun>(
  run: R,
): Promise<R & Pick<ImageRun, 'earlierKey'>> {
  const { request, amiName, digest } = run;
  const { keyPrefix: prefix, format } = request;
  const earlierKey = earlierObjectKey({ prefix, amiName, digest, format });
  if (request.fresh || earlierKey === undefined) return run;
  const earlier = { ...run, earlierKey };
  return (await s3.findObject(objectLocation(earlier))) ? earlier : run;
}

/**
 * The object that an earlier run completed, with the checksum that S3 verified.
 *
 * @throws S3UploadError `KEY_TAKEN`
 */
export async function findObject(
  run: ImageRun,
  obtainImage: ObtainImage,
): Promise<ObtainedObject | undefined> {
  const object = await findStoredObject(run);
  if (!object) return undefined;
  await requireSigner(run, {}, obtainImage);
  await requireBootMode(run, object.tags ?? {}, obtainImage);
  run.notice(`reusing object ${objectUrl(object)}`);
  showObject(run, object);
  run.steps.reuse('upload');
  run.leftovers.set('object', objectUrl(object));
  return { object };
}

/** Changes nothing. */
export async function findStoredObject(
  run: IdentifiedRun & Pick<ImageRun, 'earlierKey'>,
): Promise<s3.StoredObject | undefined> {
  // What `uploadDisk` would refuse is refused before anything is downloaded for it.
  return run.request.fresh ? undefined : s3.findObject({ ...objectLocation(run), refuseForeign: true });
}

/** Whether the object, or what is in its place, may be there. What cannot be told now counts as there: a later look tells. */
export async function hasObject(run: ImageRun): Promise<boolean> {
  try {
    return (await findStoredObject({ ...run, notice: () => {} })) !== undefined;
  } catch {
    return true;
  }
}

/**
 * The object, uploaded from the disk. A disk that turns out to be damaged is converted again, once, by qemu-img. Of an image
 * that is none, nothing that was sent is left.
 */
export async function uploadDisk(run: ImageRun, obtainDisk: ObtainDisk): Promise<ObtainedObject> {
  try {
    return await uploadConverted(run, obtainDisk);
  } catch (error) {
    throw isExplained(error) && (isImageCode(error.code) || error.code === 'DISK_DIFFERS')
      ? await whyRefused(run, error)
      : error;
  }
}

async function uploadConverted(run: ImageRun, obtainDisk: ObtainDisk): Promise<ObtainedObject> {
  try {
    return await uploadFrom(run, obtainDisk);
  } catch (error) {
    if (!isDamagedDisk(error) || run.signal.aborted || run.failedProofs.wrong > 0) throw error;
    await discardDisk(run);
    run.failedProofs.wrong += 1;
    run.notice(`${error.message}: converting again with qemu-img`);
  }
  try {
    return await uploadFrom(run, obtainDisk);
  } catch (error) {
    if (isDamagedDisk(error)) await discardDisk(run);
    throw error;
  }
}

/** The disk stays open where the object is this run's own: it is still to be proven. */
async function uploadFrom(run: ImageRun, obtainDisk: ObtainDisk): Promise<ObtainedObject> {
  for (;;) {
    const disk = await obtainDisk(run);
    try {
      const { outcome, ...object } = await readImage(run, disk.image, () => upload(run, disk));
      const { virtualSize: virtualSizeBytes } = await disk.finished;
      if (outcome === 'uploaded' || outcome === 'resumed') return { object, virtualSizeBytes, disk };
      await disk[Symbol.asyncDispose]();
      return { object, virtualSizeBytes };
    } catch (error) {
      await disk[Symbol.asyncDispose]();
      run.signal.throwIfAborted();
      if (!(error instanceof SentTooEarly)) throw error;
    }
  }
}

/** Uploads while the image is still arriving, or the disk being converted: an object that exists is still to be proven. */
async function upload(run: ImageRun, disk: StartedDisk): Promise<s3.UploadedObject> {
  const { request, steps, view, limits, leftovers } = run;
  const { uploadable, finished, signal, arriving, converter } = disk;
  const location = objectLocation(run);
  // Another step is shown until this is the only one.
  let isBehind = 'finished' in uploadable || arriving !== undefined;
  const shown = finished.then(() => {
    isBehind = false;
    view.stage(request.name, 'upload');
  });
  shown.catch(() => {});
  const send = () => {
    if ('finished' in uploadable) view.stage(request.name, 'convert');
    leftovers.set('upload', `possibly an incomplete multipart upload to ${objectUrl(location)}`);
    return s3.uploadDisk({
      ...location,
      disk: uploadable,
      journalPath: uploadJournal(run),
      converter,
      memory: limits.partMemory,
      fresh: request.fresh,
      sse: request.sse,
      beforeComplete: () => arriving?.complete ?? Promise.resolve(),
      metadata: metadataOf({ ...provenanceTagsOf(run), ...converterTag(converter) }),
      signal,
      onProgress(progress) {
        if (!isBehind) view.progress(request.name, { ...progress, unit: 'bytes' });
      },
    });
  };
  const attempt = async () => {
    try {
      return await send();
    } catch (error) {
      if (!arriving || run.signal.aborted || !endedByImage(arriving, error)) throw error;
      return { ended: error };
    }
  };
  const sent = async () => {
    const sending = new AbortController();
    void proveWhileSending(run, disk, { signal: sending.signal });
    return steps
      .take('upload', attempt, stepOf, { isBehind: arriving !== undefined })
      .finally(() => sending.abort());
  };
  // The parts of a disk that is made wait for their memory.
  const object = await (isMade(uploadable) ? sent() : limits.uploads(sent));
  if ('ended' in object) throw await whyImageEnded(run, disk, object.ended);
  leftovers.set('upload', undefined);
  leftovers.set('object', objectUrl(object));
  showObject(run, object);
  return object;
}

function isMade(disk: s3.UploadableDisk): boolean {
  return 'make' in disk && 'size' in disk;
}

const objectProofs: Readonly<Record<s3.Proof, string>> = {
  checksum: 'S3 verified the checksum of all',
  etag: 'the ETag is the MD5 of all',
  'read-back': 'read back: all',
};

function showObject(run: ImageRun, { bucket, key, size, checksum, provenBy }: s3.StoredObject): void {
  showLink(run, {
    from: 'disk',
    to: 'object',
    shownBy: `${objectProofs[provenBy]} ${size} bytes of ${objectUrl({ bucket, key })}`,
    value: `${checksum.algorithm}:${checksum.value}`,
  });
}

/** An upload that its image has ended has not failed: it is taken again, or never. */
function stepOf(object: s3.UploadedObject | { readonly ended: unknown }): StepResult | undefined {
  if ('ended' in object) return undefined;
  const { outcome, bytesSent } = object;
  return bytesSent > 0 ? { bytes: bytesSent } : { outcome: outcome === 'uploaded' ? 'done' : 'reused' };
}
