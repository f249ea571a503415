import { convertImage, type Disk, partialPath, writeLagBytes } from '@ec2-image/convert';
import type { VerifiedImage } from '@ec2-image/fetch';
import type { UploadableDisk } from '@ec2-image/s3-upload';
import type { Work } from './work.ts';

/** A disk that is there, or on its way: then what is written of it can be uploaded already. */
export interface StartedDisk {
  readonly uploadable: UploadableDisk;
  readonly finished: Promise<Disk>;
}

/** The disk: converted from this digest and in the work directory, or being converted from the image. */
export async function startDisk(
  work: Work,
  { image, signal }: { readonly image: VerifiedImage; readonly signal: AbortSignal },
): Promise<StartedDisk> {
  const { request, directory, steps, view, notice, limits } = work;
  const output = directory.diskPath(request.format);
  const writing = Promise.withResolvers<number>();
  const finished = limits.conversions(() =>
    steps.take(
      'convert',
      () =>
        convertImage({
          image,
          format: request.format,
          output,
          reuse: true,
          maxDiskSize: request.maxDiskSizeBytes,
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
  const virtualSize = await Promise.race([writing.promise, finished.then(() => undefined)]);
  // A raw file has its full size at once, which says nothing of what is in it.
  if (virtualSize === undefined || request.format === 'raw') {
    const { path, size, outcome } = await finished;
    const digest = outcome === 'in-place' ? image.digest : undefined;
    return { uploadable: { path, size, digest }, finished };
  }
  const maxSize = greatestDiskSize(virtualSize);
  return { uploadable: { path: partialPath(output), maxSize, writeLagBytes, finished }, finished };
}

/** Of a file of any of the formats that are converted to: its data, and tables that are a thousandth of it at most. */
function greatestDiskSize(virtualSizeBytes: number): number {
  return Math.ceil(virtualSizeBytes * 1.01) + 64 * 2 ** 20;
}
