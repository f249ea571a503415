import { addressOf, createS3, type ObjectPlace, type S3Options } from '../call/s3.ts';
import { openJournal } from './journal.ts';
import { abortUpload, listParts } from './open-uploads.ts';

/** A part that is just arriving may outlive the call (S3 API Reference, AbortMultipartUpload). */
const rounds = 3;

/**
 * Aborts the upload that this machine's journal names, and forgets it: what has been put there is good for nothing. Those of
 * other machines stay.
 *
 * @throws whatever ends a call to S3
 */
export async function abandonUpload(
  options: S3Options & ObjectPlace & { readonly journalPath: string },
): Promise<void> {
  const s3 = createS3(options);
  const address = addressOf(options);
  const journal = openJournal({ path: options.journalPath, place: options, onNotice: s3.notice });
  const uploadId = (await journal.read())?.uploadId;
  for (let round = 1; uploadId !== undefined && round <= rounds; round++) {
    await abortUpload(s3, address, uploadId);
    if (!(await listParts(s3, address, uploadId))) break;
  }
  await journal.clear();
}
