import { S3UploadError } from '../errors.ts';

/** Thrown where this upload leads nowhere but another may: `because` is what the user is told when no attempt is left. */
export class StartAgain extends Error {
  readonly because: S3UploadError;
  /** The open upload is still good for the next attempt. */
  readonly keepsUpload: boolean;
  /** The id of an open upload that is good for nothing, and to be aborted. */
  readonly abandons: string | undefined;

  constructor(
    because: S3UploadError,
    { keepsUpload = false, abandons }: { readonly keepsUpload?: boolean; readonly abandons?: string } = {},
  ) {
    super(because.message, { cause: because });
    this.because = because;
    this.keepsUpload = keepsUpload;
    this.abandons = abandons;
  }
}

/** Something else has had its hands on the upload, or on its object. */
export function lostUpload(
  how: string,
  {
    cause,
    ...what
  }: { readonly cause?: unknown; readonly keepsUpload?: boolean; readonly abandons?: string } = {},
): StartAgain {
  return new StartAgain(
    new S3UploadError('UPLOAD_LOST', how, {
      hint: 'Another run or a lifecycle rule did that. Make sure only one run imports this image, then run the same command again.',
      cause,
    }),
    what,
  );
}

export function endedByOthers(cause: Error): StartAgain {
  return lostUpload(`something else ended the upload: ${cause.message}`, { cause });
}

/** Of an upload of another machine: what made its parts did not make them as this one does. */
export function foreignParts({ number, uploadId }: { number: number; uploadId: string }): StartAgain {
  return lostUpload(`part ${number} of the open upload was made by another converter`, {
    abandons: uploadId,
  });
}

/**
 * S3 takes no part, or does not complete, as ours are: the upload was created with another checksum or with none, which a
 * list need not say.
 */
export function unfitUpload(cause: Error, uploadId: string): StartAgain {
  return new StartAgain(
    new S3UploadError('UPLOAD_LOST', `the open upload cannot be resumed: ${cause.message}`, {
      hint: 'Run the same command again with --fresh.',
      cause,
    }),
    { abandons: uploadId },
  );
}
