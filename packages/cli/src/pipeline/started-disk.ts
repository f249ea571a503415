import type { VerifiedImage } from '@ec2-image/fetch';
import type { UploadableDisk } from '@ec2-image/s3-upload';

/** A disk that exists, or is being written: then what is written of it can be uploaded already. */
export interface StartedDisk extends AsyncDisposable {
  readonly image: VerifiedImage;
  readonly uploadable: UploadableDisk;
  /** Resolves with its virtual size in bytes, once it is known. */
  readonly finished: Promise<{ readonly virtualSize: number }>;
  /** Compares a disk that was written with the image. Undefined where that is not needed: see `uploadable`. */
  readonly prove?: () => Promise<unknown>;
  /** Of all that works on the disk: aborts with the run, and when the disk is disposed of. */
  readonly signal: AbortSignal;
}
