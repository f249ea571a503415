import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { isAwsCallError } from '@ec2-image/aws-call';
import type { Address, S3 } from '../call/s3.ts';
import { notS3 } from '../errors.ts';
import type { ServerSideEncryption } from '../upload-options.ts';
import { abortNoted } from './abandon-upload.ts';
import { type Choice, chooseUpload } from './choose-upload.ts';
import type { JournalEntry, UploadJournal } from './journal.ts';
import { type ListedParts, listOpenUploads, listParts, type OpenUpload } from './open-uploads.ts';

/** An upload to put parts into. */
export interface OpenedUpload {
  readonly uploadId: string;
  /** What S3 held when it was opened; none where it is new. */
  readonly parts: ListedParts;
  readonly adopted: boolean;
  /** Another machine began it, so that nothing says what made its parts. */
  readonly isForeign?: boolean;
}

/** How many open uploads of one key are examined: there is at most one a machine. */
const mostCandidates = 20;

/** An open upload that may be resumed. This machine's own is aborted where another converter made its parts. */
export async function adoptUpload({
  s3,
  address,
  journal,
  converter,
  idleMs,
}: {
  readonly s3: S3;
  readonly address: Address;
  readonly journal: UploadJournal | undefined;
  /** What makes the parts of this run. */
  readonly converter: string | undefined;
  readonly idleMs: number;
}): Promise<OpenedUpload | undefined> {
  const noted = await journal?.read();
  if (journal && noted?.uploadId !== undefined && noted.converter !== converter) {
    s3.notice('the interrupted upload has parts of another converter; restarting the upload');
    await abortNoted({ s3, address, journal, noted });
    return undefined;
  }
  const choice = await chooseOpenUpload({ s3, address, noted, idleMs });
  if (!choice) return undefined;
  const { uploadId, parts } = choice.upload;
  // When it was begun tells what else a lost answer has left.
  await journal?.write({ uploadId, ...(choice.reason === 'own' && { beganAt: noted?.beganAt }) });
  const arrived = parts.size === 1 ? '1 part done' : `${parts.size} parts done`;
  s3.notice(
    choice.reason === 'own'
      ? `resuming interrupted upload (${arrived})`
      : `resuming an upload left by another run (${arrived})`,
  );
  return { uploadId, parts, adopted: true, isForeign: choice.reason === 'idle' };
}

/** The one that `uploadDisk` would resume. Changes nothing. */
export async function chooseOpenUpload({
  s3,
  address,
  noted,
  idleMs,
}: {
  readonly s3: S3;
  readonly address: Address;
  /** Of this machine. */
  readonly noted: JournalEntry | undefined;
  readonly idleMs: number;
}): Promise<Choice | undefined> {
  const candidates = [];
  for (const upload of await knownUploads({ s3, address, noted })) {
    const parts = await listParts(s3, address, upload.uploadId);
    if (parts) candidates.push({ ...upload, parts });
  }
  return chooseUpload({ candidates, journal: noted, now: s3.now(), idleMs });
}

/** Where uploads may not be listed, the one of the journal can still be asked for. */
async function knownUploads({
  s3,
  address,
  noted,
}: {
  readonly s3: S3;
  readonly address: Address;
  readonly noted: JournalEntry | undefined;
}): Promise<OpenUpload[]> {
  try {
    const uploads = await listOpenUploads(s3, address);
    return uploads
      .sort((a, b) => (b.initiated?.getTime() ?? 0) - (a.initiated?.getTime() ?? 0))
      .filter(({ uploadId }, index) => index < mostCandidates || uploadId === noted?.uploadId);
  } catch (error) {
    if (!isAwsCallError(error, 'ACCESS_DENIED', 'AWS_REFUSED')) throw error;
    s3.notice(
      `cannot list multipart uploads (${error.message}); uploads started elsewhere will not be resumed`,
    );
    if (noted?.uploadId === undefined) return [];
    return [
      {
        uploadId: noted.uploadId,
        initiated: undefined,
        checksumAlgorithm: undefined,
        checksumType: undefined,
      },
    ];
  }
}

export async function createUpload({
  s3,
  address,
  metadata,
  sse,
  journal,
}: {
  readonly s3: S3;
  readonly address: Address;
  readonly metadata: Readonly<Record<string, string>>;
  readonly sse: ServerSideEncryption | undefined;
  readonly journal: UploadJournal | undefined;
}): Promise<OpenedUpload> {
  const beganAt = s3.now();
  await journal?.write({ beganAt });
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({
      ...address,
      Metadata: { ...metadata },
      ContentType: 'application/octet-stream',
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
      ServerSideEncryption: sse?.algorithm,
      SSEKMSKeyId: sse?.kmsKeyId,
    }),
  );
  if (!UploadId) throw notS3('S3 created a multipart upload without an id');
  await journal?.write({ uploadId: UploadId, beganAt });
  return { uploadId: UploadId, parts: new Map(), adopted: false };
}
