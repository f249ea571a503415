import { isExplained } from '@ec2-image/explained-error';
import { abandonUpload } from '@ec2-image/s3-upload';
import { type ImageRun, objectLocation } from './run.ts';
import type { ArrivingState, StartedDisk } from './started-disk.ts';
import { mayStreamAgain } from './wrong-streams.ts';

/** Thrown where the image is there now, and has to be begun with again: it was discarded, or could not be read, on its way. */
export class SentTooEarly extends Error {}

/** What can come of reading an image whose digest turns out to be wrong. */
const readingCodes: readonly string[] = ['DAMAGED_CLUSTER', 'DISK_CHANGED', 'WORKER_FAILED'];

/** Whether the image is why the upload ended, and the upload itself has not failed. */
export function endedByImage({ discarded, isRefused }: ArrivingState, error: unknown): boolean {
  return (
    discarded.aborted ||
    isRefused(error) ||
    (isExplained(error) && (error.name === 'ImageHeaderError' || readingCodes.includes(error.code)))
  );
}

/**
 * What such an upload has ended with. Where there is no image, the parts that were sent are good for nothing, and aborted:
 * those of a download that can be resumed are kept.
 */
export async function whyImageEnded(
  run: ImageRun,
  { image, arriving }: StartedDisk,
  error: unknown,
): Promise<unknown> {
  try {
    await (image ?? arriving?.complete);
    if (!arriving?.isRefused(error)) return new SentTooEarly('the image arrived again', { cause: error });
  } catch (reason) {
    run.signal.throwIfAborted();
    if (image === undefined && mayStreamAgain(run, reason)) {
      run.notice(`${reason.message}; downloading again`);
      return new SentTooEarly('the image is streamed again', { cause: reason });
    }
    return whyRefused(run, reason);
  }
  return whyRefused(run, error);
}

/** Of an image of which parts were sent: they are aborted, unless another run can continue with them. Gives the reason back. */
export async function whyRefused(run: ImageRun, reason: unknown): Promise<unknown> {
  run.signal.throwIfAborted();
  if (isExplained(reason) && reason.resumable) return reason;
  try {
    await abandonUpload({ ...objectLocation(run), journalPath: uploadJournal(run) });
    run.leftovers.set('upload', undefined);
  } catch (error) {
    run.signal.throwIfAborted();
    run.notice(`cannot abort the upload: ${(error as Error).message}`);
  }
  return reason;
}

/** Where this machine notes that an upload of the image is its own. */
export function uploadJournal({
  directory,
  request,
}: Pick<ImageRun, 'request'> & { readonly directory: Pick<ImageRun['directory'], 'diskPath'> }): string {
  return `${directory.diskPath(request.format)}.upload`;
}
