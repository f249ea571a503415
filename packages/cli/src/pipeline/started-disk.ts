import type { VerifiedImage } from '@ec2-image/fetch';
import type { UploadableDisk } from '@ec2-image/s3-upload';
import type { ProveDiskOptions } from './snapshot-proof.ts';

/** As the converter of a disk that is the image itself. */
export const inPlace = 'none';

/** A disk that exists, or is being written: then what is written of it can be uploaded already. */
export interface StartedDisk extends AsyncDisposable {
  /** Of an arriving one: rejects where there will be none. Undefined where it is never a file. */
  readonly image?: VerifiedImage | Promise<VerifiedImage>;
  /** What makes its bytes, with its version; {@link inPlace} where nothing does. */
  readonly converter: string;
  /** Only where it is made of an image that is still being downloaded, or streamed. */
  readonly arriving?: ArrivingState;
  readonly uploadable: UploadableDisk;
  /** Resolves with its virtual size in bytes, once it is known. */
  readonly finished: Promise<{ readonly virtualSize: number }>;
  /** The same once it is known whether another one had to stand in; undefined of a file of an earlier run. */
  madeBy(): Promise<string | undefined>;
  /**
   * Begins the full proof once the image is verified, while the disk is still being sent. Resolves at its end; what comes of it,
   * `prove` tells, which compares it with the object. Undefined where the proof reads what was sent, or compares files.
   */
  proveAhead?(): Promise<void>;
  /** Proves that image, disk and object are equal: {@link ProveDiskOptions}. */
  prove(options: ProveDiskOptions): Promise<void>;
  /** Of all that works on the disk: aborts with the run, and when the disk is disposed of. */
  readonly signal: AbortSignal;
}

export interface ArrivingState {
  /** Aborts where the download restarts or fails. */
  readonly discarded: AbortSignal;
  /** Resolves once the image is verified and inspected: nothing is completed before. */
  readonly complete: Promise<unknown>;
  /** Whether this is the error that `complete` has rejected with. */
  isRefused(error: unknown): boolean;
}
