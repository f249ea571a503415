import type { S3UploadError } from '../errors.ts';

/** Thrown where this upload leads nowhere but another may: `because` is what the user is told when no attempt is left. */
export class StartAgain extends Error {
  readonly because: S3UploadError;
  /** The open upload is still good for the next attempt. */
  readonly keepsUpload: boolean;

  constructor(because: S3UploadError, { keepsUpload = false }: { keepsUpload?: boolean } = {}) {
    super(because.message, { cause: because });
    this.because = because;
    this.keepsUpload = keepsUpload;
  }
}
