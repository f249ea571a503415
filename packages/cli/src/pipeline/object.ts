import { compareDisk, type Disk } from '@ec2-image/convert';
import { metadataOf } from '@ec2-image/provenance';
import { findObject, type StoredObject, uploadDisk } from '@ec2-image/s3-upload';
import { obtainDisk } from './disk.ts';
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
    return { object };
  }
  const disk = await obtainDisk(work);
  return { object: await uploadProven(work, disk), virtualSizeBytes: disk.virtualSize };
}

/**
 * Uploads while the disk is still being compared with the image. The upload is completed only after the two were
 * found equal, so that an object that exists is known to hold the image, whenever this process may end.
 */
async function uploadProven(work: Work, disk: Disk): Promise<StoredObject> {
  const { request, steps, view } = work;
  const stop = new AbortController();
  const signal = AbortSignal.any([work.signal, stop.signal]);
  const equal = compareDisk({ disk, signal });
  equal.catch((error: unknown) => stop.abort(error));
  return steps.take(
    'upload',
    async () => {
      try {
        return await uploadDisk({
          ...objectLocation(work),
          disk,
          beforeComplete: () => equal,
          metadata: metadataOf(provenanceTagsOf(work)),
          signal,
          onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes' }),
        });
      } finally {
        stop.abort();
      }
    },
    ({ size }) => ({ bytes: size }),
  );
}
