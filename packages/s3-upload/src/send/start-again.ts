import { S3UploadError } from '../errors.ts';

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

/** Something else has had its hands on the upload, or on its object. */
export function lostUpload(
  how: string,
  { cause, keepsUpload }: { readonly cause?: unknown; readonly keepsUpload?: boolean } = {},
): StartAgain {
  return new StartAgain(
    new S3UploadError('UPLOAD_LOST', how, {
      hint: 'Another run or a lifecycle rule did that. Make sure only one run imports this image, then run the same command again.',
      cause,
    }),
    { keepsUpload },
  );
}

export function endedByOthers(cause: Error): StartAgain {
  return lostUpload(`something else ended the upload: ${cause.message}`, { cause });
}
