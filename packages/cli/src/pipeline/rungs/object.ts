import { rm } from 'node:fs/promises';
import { isExplained } from '@ec2-image/explained-error';
import { earlierObjectKey, metadataOf } from '@ec2-image/provenance';
import * as s3 from '@ec2-image/s3-upload';
import { endedByImage, SentTooEarly, uploadJournal, whyImageEnded } from '../arriving-upload.ts';
import { readImage } from '../read-image.ts';
import { type ImageRun, type ObtainImage, objectLocation, objectUrl } from '../run.ts';
import { requireSigner } from '../signer.ts';
import type { ObtainedObject } from '../snapshot.ts';
import type { StartedDisk } from '../started-disk.ts';
import type { StepResult } from '../steps.ts';
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
    for (;;) {
      await using disk = await obtainDisk({ ...run, request: { ...run.request, converter } });
      try {
        return await readImage(run, disk.image, () => uploadProven(run, disk));
      } catch (error) {
        if (!(error instanceof SentTooEarly)) throw error;
      }
    }
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
 * Uploads while the image is still arriving, or the disk being converted, and completes the upload only after disk and
 * image were found equal: so an object that exists is known to hold the image, whenever this process may end.
 */
async function uploadProven(run: ImageRun, disk: StartedDisk): Promise<ObtainedObject> {
  const { request, steps, view, limits, leftovers } = run;
  const { uploadable, finished, signal, arriving, converter } = disk;
  const location = objectLocation(run);
  const proof = watched(disk.prove);
  // Another step is shown until this is the only one.
  let isBehind = 'finished' in uploadable || arriving !== undefined;
  const shown = finished.then(() => {
    isBehind = false;
    view.stage(request.name, 'upload');
  });
  shown.catch(() => {});
  const upload = () => {
    if ('finished' in uploadable) view.stage(request.name, 'convert');
    leftovers.set('upload', `possibly an incomplete multipart upload to ${objectUrl(location)}`);
    return s3.uploadDisk({
      ...location,
      disk: uploadable,
      journalPath: uploadJournal(run),
      converter,
      fresh: request.fresh,
      sse: request.sse,
      proveDisk: proof.prove,
      beforeComplete: () => arriving?.complete ?? Promise.resolve(),
      metadata: metadataOf(provenanceTagsOf(run)),
      signal,
      onProgress(progress) {
        if (!isBehind) view.progress(request.name, { ...progress, unit: 'bytes' });
      },
    });
  };
  const attempt = async () => {
    try {
      return await upload();
    } catch (error) {
      if (!arriving || run.signal.aborted || !endedByImage(arriving, error)) throw error;
      return { ended: error };
    }
  };
  try {
    const object = await limits.uploads(() =>
      steps.take('upload', attempt, stepOf, { isBehind: arriving !== undefined }),
    );
    if ('ended' in object) throw await whyImageEnded(run, disk, object.ended);
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

/** An upload that its image has ended has not failed: it is taken again, or never. */
function stepOf(object: s3.UploadedObject | { readonly ended: unknown }): StepResult | undefined {
  if ('ended' in object) return undefined;
  const { outcome, bytesSent } = object;
  return bytesSent > 0 ? { bytes: bytesSent } : { outcome: outcome === 'uploaded' ? 'done' : 'reused' };
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
