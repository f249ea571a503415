import { rm } from 'node:fs/promises';
import { isExplained } from '@ec2-image/explained-error';
import { earlierObjectKey, metadataOf } from '@ec2-image/provenance';
import * as s3 from '@ec2-image/s3-upload';
import { readImage } from '../read-image.ts';
import { type ImageRun, type ObtainImage, objectLocation, objectUrl } from '../run.ts';
import { requireSigner } from '../signer.ts';
import type { ObtainedObject } from '../snapshot.ts';
import type { StartedDisk } from '../started-disk.ts';
import { provenanceTagsOf } from '../tags.ts';

/** Where a version that did not take a prefix for a whole path element left this image's object, if it did. */
export async function locateObject(run: ImageRun): Promise<ImageRun> {
  const { request, amiName, digest } = run;
  const { keyPrefix: prefix, format } = request;
  const earlierKey = earlierObjectKey({ prefix, amiName, digest, format });
  if (request.fresh || earlierKey === undefined) return run;
  const earlier = { ...run, earlierKey };
  return (await s3.findObject(objectLocation(earlier))) ? earlier : run;
}

/** The object that an earlier run completed, with the checksum that S3 verified. */
export async function findObject(
  run: ImageRun,
  obtainImage: ObtainImage,
): Promise<ObtainedObject | undefined> {
  const object = run.request.fresh ? undefined : await s3.findObject(objectLocation(run));
  if (!object) return undefined;
  await requireSigner(run, {}, obtainImage);
  run.notice(`reusing verified object ${objectUrl(object)}`);
  run.steps.reuse('upload');
  run.leftovers.set('object', objectUrl(object));
  return { object };
}

/** The object, uploaded from the disk. A disk that turns out to be damaged is converted again, once, by qemu-img. */
export async function uploadDisk(
  run: ImageRun,
  obtainDisk: (run: ImageRun) => Promise<StartedDisk>,
): Promise<ObtainedObject> {
  const upload = async (converter: ImageRun['request']['converter']) => {
    await using disk = await obtainDisk({ ...run, request: { ...run.request, converter } });
    return await readImage(run, disk.image, () => uploadProven(run, disk));
  };
  try {
    return await upload(run.request.converter);
  } catch (error) {
    if (!isDamagedDisk(error) || run.signal.aborted) throw error;
    await discardDisk(run);
    run.notice(`${(error as Error).message}: converting again with qemu-img`);
  }
  try {
    return await upload('qemu-img');
  } catch (error) {
    if (isDamagedDisk(error)) await discardDisk(run);
    throw error;
  }
}

/**
 * The image was verified: it is the disk that has changed on its way, or since an earlier run wrote it; perhaps so that
 * it cannot even be read. Or what makes it stumbled over the image.
 */
function isDamagedDisk(error: unknown): boolean {
  const codes = ['DISK_DIFFERS', 'COMPARISON_FAILED', 'DAMAGED_CLUSTER', 'WORKER_FAILED'];
  return isExplained(error) && codes.includes(error.code);
}

/** A later run must not take it. What has been uploaded of it is proven part by part against the next one. */
async function discardDisk({ directory, request }: ImageRun): Promise<void> {
  const disk = directory.diskPath(request.format);
  await Promise.all([disk, `${disk}.decompressed`].map((path) => rm(path, { force: true })));
}

/**
 * Uploads while the disk is still being converted, and completes the upload only after disk and image were found
 * equal: so an object that exists is known to hold the image, whenever this process may end.
 */
async function uploadProven(run: ImageRun, disk: StartedDisk): Promise<ObtainedObject> {
  const { request, steps, view, directory, limits, leftovers } = run;
  const { uploadable, finished, signal } = disk;
  const location = objectLocation(run);
  const proof = watched(disk.prove);
  let converting = 'finished' in uploadable;
  const shown = finished.then(() => {
    converting = false;
    view.stage(request.name, 'upload');
  });
  shown.catch(() => {});
  const upload = () => {
    if (converting) view.stage(request.name, 'convert');
    leftovers.set('upload', `possibly an incomplete multipart upload to ${objectUrl(location)}`);
    return s3.uploadDisk({
      ...location,
      disk: uploadable,
      journalPath: `${directory.diskPath(request.format)}.upload`,
      fresh: request.fresh,
      sse: request.sse,
      proveDisk: proof.prove,
      metadata: metadataOf(provenanceTagsOf(run)),
      signal,
      onProgress(progress) {
        if (!converting) view.progress(request.name, { ...progress, unit: 'bytes' });
      },
    });
  };
  try {
    const object = await limits.uploads(() =>
      steps.take('upload', upload, ({ outcome, bytesSent }) =>
        bytesSent > 0 ? { bytes: bytesSent } : { outcome: outcome === 'uploaded' ? 'done' : 'reused' },
      ),
    );
    leftovers.set('upload', undefined);
    leftovers.set('object', objectUrl(object));
    return { object, virtualSizeBytes: (await finished).virtualSize };
  } catch (error) {
    run.signal.throwIfAborted();
    throw error;
  } finally {
    await disk[Symbol.asyncDispose]();
    await proof.ended();
  }
}

/** Nothing reads the work directory any more when the next run may have it. */
function watched(prove: StartedDisk['prove']) {
  const running: Promise<unknown>[] = [];
  const start = () => {
    const proof = prove!();
    running.push(proof);
    return proof;
  };
  return { prove: prove && start, ended: () => Promise.allSettled(running) };
}
