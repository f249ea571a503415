import type { Digest } from '@ec2-image/provenance';

export interface VerifiedImage {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  /** The one that was asked for, and that the file has. */
  readonly digest: Digest;
  /** `resumed`: some of it came from an earlier run. `reused`: it was there already. `local`: the user's own file, used in place and never to be deleted. */
  readonly outcome: 'downloaded' | 'resumed' | 'reused' | 'local';
  /** What this run brought over the network, retries included. */
  readonly bytesTransferred: number;
}
