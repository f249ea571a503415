import {
  type ArrivingDisk,
  converterVersion,
  inspectImage,
  type MadeDisk,
  makeArrivingDisk,
  makeDisk,
} from '@ec2-image/convert';
import { type ArrivingImage, requireUnchanged, type VerifiedImage } from '@ec2-image/fetch';
import { lookIntoImage } from '../boot/find-boot-mode.ts';
import { conversionOptions } from '../conversion-options.ts';
import { notAsPlanned } from '../not-as-planned.ts';
import { proveImage, proveMadeDisk } from '../proof/prove-disk.ts';
import { requireRootVolume } from '../root-volume.ts';
import type { ImageRun } from '../run.ts';
import { inPlace, type StartedDisk } from '../started-disk.ts';
import type { StartedImage } from '../started-image.ts';
import type { StepResult } from '../steps.ts';

/**
 * The disk of an image that is still being downloaded: its parts are sent while it arrives, and the object is completed once
 * the image has the digest. Undefined where the image has to be there first.
 */
export async function startArrivingDisk(
  run: ImageRun,
  started: StartedImage,
): Promise<StartedDisk | undefined> {
  const arriving = await started.arriving;
  if (!arriving) return undefined;
  try {
    return await startArriving(run, { started, arriving });
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
}

interface Arriving {
  readonly started: StartedImage;
  readonly arriving: ArrivingImage;
}

async function startArriving(
  run: ImageRun,
  { started, arriving }: Arriving,
): Promise<StartedDisk | undefined> {
  const { request, steps, digest } = run;
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal, arriving.discarded]);
  const { path, size: fileSize, arrived, hurry } = arriving;
  const plan = async () => {
    const { format, converter, maxDiskSizeBytes: maxDiskSize } = request;
    const image = { path, fileSize, arrived, hurry, digest };
    try {
      const disk = await makeArrivingDisk({ image, format, converter, maxDiskSize, signal });
      if (!disk || mayBeSent(run, disk, arriving)) return disk;
      await disk[Symbol.asyncDispose]();
      return undefined;
    } catch (error) {
      // It restarts, or its download has failed, which whoever waits for the image is told.
      if (arriving.discarded.aborted) return undefined;
      throw error;
    }
  };
  const stepOf = (made: ArrivingDisk | undefined): StepResult | undefined =>
    made && (made.isImage ? { outcome: 'reused' } : { bytes: made.virtualSize });
  const disk = await steps.take('convert', plan, stepOf, { isBehind: true });
  if (!disk) return undefined;
  const converter = disk.isImage ? inPlace : converterVersion(disk.format);
  const complete = completeDisk(run, { started, disk, stop });
  const dispose = async () => {
    stop.abort();
    await started[Symbol.asyncDispose]();
    await disk[Symbol.asyncDispose]();
    const [completed] = await Promise.allSettled([complete]);
    if (completed.status === 'fulfilled') await completed.value[Symbol.asyncDispose]();
  };
  let refusal: { readonly error: unknown } | undefined;
  complete.catch((error: unknown) => {
    refusal = { error };
    stop.abort(error);
  });
  try {
    requireRootVolume(request, { diskBytes: disk.virtualSize });
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    image: started.finished,
    signal,
    converter,
    finished: complete,
    arriving: {
      discarded: arriving.discarded,
      complete,
      isRefused: (error) => refusal?.error === error,
    },
    uploadable: { path, ...disk.file },
    madeBy: async () => converter,
    proveAhead: disk.isImage
      ? undefined
      : async () => {
          const { made } = await complete;
          await (await made()).proveAhead({ signal });
        },
    async prove(options) {
      const { made } = await complete;
      const whole = await started.finished;
      if (disk.isImage) return proveImage(whole, options);
      await proveMadeDisk(await made(), options);
      await requireUnchanged({ file: whole, signal: options.signal });
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function mayBeSent(
  { limits: { uploads } }: ImageRun,
  { isImage, file }: ArrivingDisk,
  { isLocal }: ArrivingImage,
): boolean {
  // As a file it is hashed again before the object is complete: whatever its owner does with it later, no proof reads it.
  if (isImage && isLocal) return false;
  // An upload that has to wait for its turn can wait for the image as well.
  return 'size' in file || uploads.activeCount < uploads.concurrency;
}

interface CompleteDisk extends AsyncDisposable {
  readonly virtualSize: number;
  /** The same disk, of the image as it was verified, and inspected: what has been made and sent is proven by this one. */
  made(): Promise<MadeDisk>;
}

async function completeDisk(
  run: ImageRun,
  {
    started,
    disk,
    stop,
  }: {
    readonly started: StartedImage;
    readonly disk: ArrivingDisk;
    readonly stop: AbortController;
  },
): Promise<CompleteDisk> {
  const image = await started.finished;
  await lookIntoImage(run, image);
  const signal = AbortSignal.any([run.signal, stop.signal]);
  let making: Promise<MadeDisk> | undefined;
  const made = () => {
    making ??= makeSame(run, { image, disk, signal });
    return making;
  };
  // To plan it takes the tables of a qcow2, and all of a raw image: for that the object does not wait.
  if ('size' in disk.file && !disk.isImage) await made();
  else {
    const { virtualSize } = await inspectImage({ ...conversionOptions(run), path: image.path });
    if (virtualSize !== disk.virtualSize) throw notAsPlanned();
  }
  // Where no proof will read it again, this tells whether what was hashed is what was sent.
  if (disk.isImage) await requireUnchanged({ file: image, signal });
  return {
    virtualSize: disk.virtualSize,
    made,
    async [Symbol.asyncDispose]() {
      const [done] = await Promise.allSettled([making]);
      if (done.status === 'fulfilled') await done.value?.[Symbol.asyncDispose]();
    },
  };
}

/** @throws CliError `DISK_DIFFERS` */
async function makeSame(
  run: ImageRun,
  {
    image,
    disk: { file, virtualSize, vmdk },
    signal,
  }: { readonly image: VerifiedImage; readonly disk: ArrivingDisk; readonly signal: AbortSignal },
): Promise<MadeDisk> {
  const made = await makeDisk({ ...conversionOptions(run), image, vmdk, signal });
  const isSameSize = !made || !('size' in file && 'size' in made.file) || file.size === made.file.size;
  if (made?.virtualSize === virtualSize && isSameSize) return made;
  await made?.[Symbol.asyncDispose]();
  throw notAsPlanned();
}
