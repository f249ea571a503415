import type { Digest } from '@ec2-image/provenance';
import type { FileState } from './file-state.ts';

export interface VerifiedImage {
  /** Absolute; of a local file without symbolic links, or that of its descriptor, by `localFiles`. */
  readonly path: string;
  readonly size: number;
  /** The one that was asked for, and that the file has. */
  readonly digest: Digest;
  /** From before it was hashed, of a download from when it was complete: for `requireUnchanged`, when all that read it have ended. */
  readonly state: FileState;
  /** `resumed`: some of it came from an earlier run. `reused`: it was there already. `local`: the user's own file, used in place and never to be deleted. */
  readonly outcome: 'downloaded' | 'resumed' | 'reused' | 'local';
  /** What this run downloaded, retries included. */
  readonly bytesTransferred: number;
}
