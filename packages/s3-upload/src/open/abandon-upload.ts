import { isAwsCallError, policies } from '@ec2-image/aws-call';
import { type Address, addressOf, createS3, type ObjectPlace, type S3, type S3Options } from '../call/s3.ts';
import { type JournalEntry, openJournal, type UploadJournal } from './journal.ts';
import { abortUpload, listOpenUploads, listParts } from './open-uploads.ts';

/** A part that is just arriving may outlive the call (S3 API Reference, AbortMultipartUpload). */
const rounds = 3;

/** How long CreateMultipartUpload may be repeated before an answer names the upload. */
const creationMs = policies.request.attempts * policies.request.attemptMs;

/** S3 tells in whole seconds when an upload began. */
const second = 1000;

/**
 * Aborts the upload that this machine's journal names, and forgets it: what has been put there is good for nothing. So is
 * an empty one that was created for it by a call whose answer was lost. Those of other machines stay.
 *
 * @throws whatever ends a call to S3
 */
export async function abandonUpload(
  options: S3Options & ObjectPlace & { readonly journalPath: string },
): Promise<void> {
  const s3 = createS3(options);
  const address = addressOf(options);
  const journal = openJournal({ path: options.journalPath, place: options, onNotice: s3.notice });
  await abortNoted({ s3, address, journal, noted: await journal.read() });
}

/** Aborts the upload that the journal names, with empty ones of calls whose answers were lost, and forgets it. */
export async function abortNoted({
  s3,
  address,
  journal,
  noted,
}: {
  readonly s3: S3;
  readonly address: Address;
  readonly journal: UploadJournal;
  readonly noted: JournalEntry | undefined;
}): Promise<void> {
  if (noted?.beganAt !== undefined) await abortTwins(s3, address, { ...noted, beganAt: noted.beganAt });
  const uploadId = noted?.uploadId;
  for (let round = 1; uploadId !== undefined && round <= rounds; round++) {
    await abortUpload(s3, address, uploadId);
    if (!(await listParts(s3, address, uploadId))) break;
  }
  await journal.clear();
}

/** Of another machine's that began just then and has no part yet, nothing is lost: it finds out at its first part. */
async function abortTwins(
  s3: S3,
  address: Address,
  { uploadId, beganAt }: { readonly uploadId?: string; readonly beganAt: number },
): Promise<void> {
  const uploads = await listOpenUploads(s3, address).catch((error: unknown) => {
    if (isAwsCallError(error, 'ACCESS_DENIED', 'AWS_REFUSED')) return [];
    throw error;
  });
  for (const { uploadId: other, initiated } of uploads) {
    const laterMs = (initiated?.getTime() ?? 0) - beganAt;
    if (other === uploadId || laterMs < -second || laterMs > creationMs) continue;
    const parts = await listParts(s3, address, other);
    if (parts?.size === 0) await abortUpload(s3, address, other);
  }
}
