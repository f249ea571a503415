import type { ArrivingImage, VerifiedImage } from '@ec2-image/fetch';

/** An image that is on its way, or there already. */
export interface StartedImage extends AsyncDisposable {
  /** Undefined where all of it is there, or it has to be there before anything can be made of it. */
  readonly arriving: Promise<ArrivingImage | undefined>;
  /** With the digest, and with its signature verified where that is asked for. */
  readonly finished: Promise<VerifiedImage>;
}
