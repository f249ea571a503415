import {
  converterVersion,
  convertImage,
  type Disk,
  makeDisk,
  partialPath,
  writeLagBytes,
} from '@ec2-image/convert';
import { requireUnchanged, type VerifiedImage } from '@ec2-image/fetch';
import type { UploadableDisk } from '@ec2-image/s3-upload';
import { conversionOptions } from '../conversion-options.ts';
import { proveDiskFile, proveMadeDisk } from '../proof/prove-disk.ts';
import { readImage } from '../read-image.ts';
import { requireRootVolume } from '../root-volume.ts';
import type { ImageRun } from '../run.ts';
import { inPlace, type StartedDisk } from '../started-disk.ts';

/** The disk: made from the image part by part, converted from this digest and in the work directory, or being converted. */
export function startDisk(run: ImageRun, image: VerifiedImage): Promise<StartedDisk> {
  return readImage(run, image, async () => {
    const stop = new AbortController();
    const signal = AbortSignal.any([run.signal, stop.signal]);
    return (await startMade(run, { image, signal, stop })) ?? startConverted(run, { image, signal, stop });
  });
}

interface Start {
  readonly image: VerifiedImage;
  readonly signal: AbortSignal;
  readonly stop: AbortController;
}

/** Undefined where the disk has to be written to a file. */
async function startMade(run: ImageRun, { image, signal, stop }: Start): Promise<StartedDisk | undefined> {
  const { limits, steps } = run;
  const make = () => makeDisk({ ...conversionOptions(run), image, signal });
  const made = await limits.conversions(() =>
    steps.take('convert', make, (disk) => disk && { bytes: disk.virtualSize }),
  );
  if (!made) return undefined;
  try {
    requireRootVolume(run.request, { diskBytes: made.virtualSize });
  } catch (error) {
    await made[Symbol.asyncDispose]();
    throw error;
  }
  return {
    image,
    signal,
    finished: Promise.resolve(made),
    uploadable: { path: image.path, ...made.file },
    converter: converterVersion(made.format),
    madeBy: async () => converterVersion(made.format),
    proveAhead: () => made.proveAhead({ signal }),
    async prove(options) {
      await proveMadeDisk(made, options);
      await requireUnchanged({ file: image, signal: options.signal });
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await made[Symbol.asyncDispose]();
    },
  };
}

async function startConverted(run: ImageRun, { image, signal, stop }: Start): Promise<StartedDisk> {
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
    const uploadable = await uploadableOf(run, { image, finished, writing });
    const isInPlace = 'digest' in uploadable && uploadable.digest !== undefined;
    const { format, converter } = run.request;
    return {
      ...started,
      uploadable,
      converter: isInPlace ? inPlace : converter === 'qemu-img' ? converter : converterVersion(format),
      madeBy: async () => (isInPlace ? inPlace : (await finished).converter),
      async prove(options) {
        // It was hashed while it was sent.
        if (isInPlace && options.isOwn) return;
        await proveDiskFile(await finished, options);
        await requireUnchanged({ file: image, signal: options.signal });
      },
    };
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
}

/** `writing`: the disk's virtual size in bytes, once it is being written. */
function convert(
  run: ImageRun,
  { image, signal }: { readonly image: VerifiedImage; readonly signal: AbortSignal },
): { readonly finished: Promise<Disk>; readonly writing: Promise<number> } {
  const { steps, limits } = run;
  const options = conversionOptions(run);
  const writing = Promise.withResolvers<number>();
  const finished = limits.conversions(() =>
    steps.take(
      'convert',
      () =>
        convertImage({
          ...options,
          image,
          reuse: true,
          signal,
          onProgress(progress) {
            if (progress.stage === 'convert') writing.resolve(progress.total);
            options.onProgress(progress);
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
