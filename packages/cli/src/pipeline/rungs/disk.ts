import { convertImage, type Disk, partialPath, writeLagBytes } from '@ec2-image/convert';
import type { VerifiedImage } from '@ec2-image/fetch';
import type { UploadableDisk } from '@ec2-image/s3-upload';
import { readImage } from '../read-image.ts';
import { requireRootVolume } from '../root-volume.ts';
import type { ImageRun } from '../run.ts';
import type { StartedDisk } from '../started-disk.ts';

/** The disk: converted from this digest and in the work directory, or being converted from the image. */
export function startDisk(run: ImageRun, image: VerifiedImage): Promise<StartedDisk> {
  return readImage(run, image, async () => {
    const stop = new AbortController();
    const signal = AbortSignal.any([run.signal, stop.signal]);
    const { finished, writing } = convert(run, { image, signal });
    const started = {
      image,
      finished,
      signal,
      async [Symbol.asyncDispose]() {
        stop.abort();
        // Nothing of this run writes into the work directory when the next one may have it.
        await Promise.allSettled([finished]);
      },
    };
    try {
      return { ...started, uploadable: await uploadableOf(run, { image, finished, writing }) };
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  });
}

/** `writing`: the disk's virtual size in bytes, once it is being written. */
function convert(
  { request, directory, steps, view, notice, limits }: ImageRun,
  { image, signal }: { readonly image: VerifiedImage; readonly signal: AbortSignal },
): { readonly finished: Promise<Disk>; readonly writing: Promise<number> } {
  const writing = Promise.withResolvers<number>();
  const finished = limits.conversions(() =>
    steps.take(
      'convert',
      () =>
        convertImage({
          image,
          format: request.format,
          converter: request.converter,
          output: directory.diskPath(request.format),
          reuse: true,
          maxDiskSize: request.maxDiskSizeBytes,
          decompressionMemoryBytes: request.decompressionMemoryBytes,
          allowUnbootable: request.allowUnbootable,
          signal,
          onNotice: notice,
          onProgress({ stage, done, total }) {
            if (stage === 'convert') writing.resolve(total);
            const note = stage === 'decompress' ? 'decompressing' : undefined;
            view.progress(request.name, { done, total, unit: 'bytes', note });
          },
        }),
      ({ outcome, virtualSize }) =>
        outcome === 'converted' ? { bytes: virtualSize } : { outcome: 'reused' },
    ),
  );
  // Whoever waits for it meets its failure; until then it must not count as one that nobody handles.
  finished.catch(() => {});
  return { finished, writing: writing.promise };
}

async function uploadableOf(
  { request, directory }: ImageRun,
  {
    image,
    finished,
    writing,
  }: {
    readonly image: VerifiedImage;
    readonly finished: Promise<Disk>;
    readonly writing: Promise<number>;
  },
): Promise<UploadableDisk> {
  const virtualSize = await Promise.race([writing, finished.then(() => undefined)]);
  requireRootVolume(request, { diskBytes: virtualSize ?? (await finished).virtualSize });
  // A raw file has its full size at once, which says nothing of what is in it.
  if (virtualSize === undefined || request.format === 'raw') {
    const { path, size, outcome } = await finished;
    return { path, size, digest: outcome === 'in-place' ? image.digest : undefined };
  }
  const path = partialPath(directory.diskPath(request.format));
  return { path, maxSize: greatestDiskSize(virtualSize), writeLagBytes, finished };
}

/** Of a file of any of the formats that are converted to: its data, and tables that are a thousandth of it at most. */
function greatestDiskSize(virtualSizeBytes: number): number {
  return Math.ceil(virtualSizeBytes * 1.01) + 64 * 2 ** 20;
}
