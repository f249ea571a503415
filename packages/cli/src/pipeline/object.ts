import { rm } from 'node:fs/promises';
import { compareDisk } from '@ec2-image/convert';
import { isExplained } from '@ec2-image/explained-error';
import { requireUnchanged, type VerifiedImage } from '@ec2-image/fetch';
import { metadataOf } from '@ec2-image/provenance';
import { findObject, type StoredObject, uploadDisk } from '@ec2-image/s3-upload';
import { startDisk } from './disk.ts';
import { obtainImage, readingImage } from './image.ts';
import { provenanceTagsOf } from './tags.ts';
import { objectLocation, type Work } from './work.ts';

export interface ObtainedObject {
  readonly object: StoredObject;
  /** Known where the disk is at hand. */
  readonly virtualSizeBytes?: number;
}

/** The object: complete in S3 with the checksum that S3 verified, or uploaded from the disk. */
export async function obtainObject(work: Work): Promise<ObtainedObject> {
  const { request, steps } = work;
  const object = request.fresh ? undefined : await findObject(objectLocation(work));
  if (object) {
    work.notice(`s3://${object.bucket}/${object.key} is complete and proven: it is used`);
    steps.reuse('upload');
    work.remains.set('object', urlOf(object));
    return { object };
  }
  try {
    return await uploadProven(work);
  } catch (error) {
    if (!isDamagedDisk(error) || work.signal.aborted) throw error;
    await discardDisk(work);
    work.notice(`${(error as Error).message}: converting once more`);
  }
  try {
    return await uploadProven(work);
  } catch (error) {
    if (isDamagedDisk(error)) await discardDisk(work);
    throw error;
  }
}

/**
 * The image was verified: it is the disk that has changed on its way, or since an earlier run wrote it; perhaps so that
 * it cannot even be read.
 */
function isDamagedDisk(error: unknown): boolean {
  return isExplained(error) && ['DISK_DIFFERS', 'COMPARISON_FAILED'].includes(error.code);
}

/** A later run must not take it. What has been uploaded of it is proven part by part against the next one. */
async function discardDisk({ directory, request }: Work): Promise<void> {
  const disk = directory.diskPath(request.format);
  await Promise.all([disk, `${disk}.decompressed`].map((path) => rm(path, { force: true })));
}

/**
 * Uploads while the disk is still being converted, and completes the upload only after disk and image were found
 * equal: so an object that exists is known to hold the image, whenever this process may end.
 */
async function uploadProven(work: Work): Promise<ObtainedObject> {
  const image = await obtainImage(work);
  return readingImage(work, image, () => uploadFrom(work, image));
}

async function uploadFrom(work: Work, image: VerifiedImage): Promise<ObtainedObject> {
  const { request, steps, view, directory, limits, remains } = work;
  const location = objectLocation(work);
  const stop = new AbortController();
  const signal = AbortSignal.any([work.signal, stop.signal]);
  const reading: Promise<unknown>[] = [];
  try {
    const { uploadable, finished } = await startDisk(work, { image, signal });
    reading.push(finished);
    // Where the image itself is sent, it is hashed as it is: nothing else could be compared with it.
    const isImage = 'digest' in uploadable && uploadable.digest !== undefined;
    const proveDisk = isImage
      ? undefined
      : () => {
          const proof = finished
            .then((disk) => compareDisk({ disk, signal }))
            .then(() => requireUnchanged({ file: image, signal }));
          reading.push(proof);
          return proof;
        };
    let converting = 'finished' in uploadable;
    const shown = finished.then(() => {
      converting = false;
      view.stage(request.name, 'upload');
    });
    shown.catch(() => {});
    const uploading = limits.uploads(() =>
      steps.take(
        'upload',
        () => {
          if (converting) view.stage(request.name, 'convert');
          remains.set('upload', `perhaps an unfinished upload of ${urlOf(location)}`);
          return uploadDisk({
            ...location,
            disk: uploadable,
            journalPath: `${directory.diskPath(request.format)}.upload`,
            fresh: request.fresh,
            proveDisk,
            metadata: metadataOf(provenanceTagsOf(work)),
            signal,
            onProgress(progress) {
              if (!converting) view.progress(request.name, { ...progress, unit: 'bytes' });
            },
          });
        },
        ({ outcome, bytesSent }) =>
          bytesSent > 0 ? { bytes: bytesSent } : { outcome: outcome === 'uploaded' ? 'done' : 'reused' },
      ),
    );
    const object = await uploading;
    remains.set('upload', undefined);
    remains.set('object', urlOf(object));
    return { object, virtualSizeBytes: (await finished).virtualSize };
  } catch (error) {
    work.signal.throwIfAborted();
    throw error;
  } finally {
    stop.abort();
    // Nothing of this run writes into the work directory when the next one may have it.
    await Promise.allSettled(reading);
  }
}

function urlOf({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `s3://${bucket}/${key}`;
}
