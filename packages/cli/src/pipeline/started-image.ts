import type { ArrivingImage, VerifiedImage } from '@ec2-image/fetch';
import type { Content } from './content.ts';

/** An image that is on its way, or there already. */
export interface StartedImage extends AsyncDisposable {
  /** Undefined where all of it is there, or it has to be there before anything can be made of it. */
  readonly arriving: Promise<ArrivingImage | undefined>;
  /** With the digest, and with its signature verified where that is asked for. */
  readonly finished: Promise<VerifiedImage>;
}

/** An image that never becomes a file: its content comes from the server. */
export interface StreamedImage extends AsyncDisposable {
  /** Each reading downloads the image, and ends only where it had the digest. */
  readonly content: Content;
  /** The download as a step of the run: resolves once a reading has ended. */
  readonly downloaded: Promise<void>;
  /** Ends the step where nothing will be read to the end any more. */
  fail(error: unknown): void;
}
