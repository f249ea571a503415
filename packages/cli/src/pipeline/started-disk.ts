import type { Disk } from '@ec2-image/convert';
import type { VerifiedImage } from '@ec2-image/fetch';
import type { UploadableDisk } from '@ec2-image/s3-upload';

/** A disk that exists, or is being written: then what is written of it can be uploaded already. */
export interface StartedDisk extends AsyncDisposable {
  readonly image: VerifiedImage;
  readonly uploadable: UploadableDisk;
  readonly finished: Promise<Disk>;
  /** Of all that works on the disk: aborts with the run, and when the disk is disposed of. */
  readonly signal: AbortSignal;
}
