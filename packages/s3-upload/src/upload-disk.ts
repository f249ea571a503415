import { policies } from '@ec2-image/aws-call';
import { addressOf, createS3 } from './call/s3.ts';
import { createTransport } from './call/transport.ts';
import { finishedDisk } from './disk/disk.ts';
import { abortAll } from './open/abort-uploads.ts';
import { openJournal } from './open/journal.ts';
import { abortUpload } from './open/open-uploads.ts';
import { clearKey } from './send/clear-key.ts';
import { StartAgain } from './send/start-again.ts';
import { uploadOnce } from './send/upload-once.ts';
import type { UploadDiskOptions, UploadedObject } from './upload-options.ts';

/**
 * Uploads a disk to S3 as one object, proven equal to the file; resumes what an earlier run has put. The README
 * says how, and why two runs at once cannot mix.
 *
 * What an unsuccessful upload has put is kept for the next run.
 *
 * @throws S3UploadError `KEY_TAKEN`, `UPLOAD_CORRUPTED` (field `partNumbers`), `UPLOAD_STALLED`, `UPLOAD_INTERRUPTED`, `UPLOAD_LOST`,
 * `DISK_CHANGED`, `DISK_DIFFERS`, `DISK_UNREADABLE`, `EMPTY_DISK`, `CREDENTIALS_EXPIRED`, `CREDENTIALS_REFUSED`, `ACCESS_DENIED`, `THROTTLED`,
 * `AWS_UNREACHABLE`, `AWS_REFUSED`
 * @throws DiskBlocksError `LOCAL_FAILURE`, `WORKER_FAILED`
 */
export async function uploadDisk(options: UploadDiskOptions): Promise<UploadedObject> {
  const {
    fresh = false,
    attempts = policies.corruptUpload.attempts,
    journalPath = `${options.disk.path}.upload`,
  } = options;
  const s3 = createS3({ ...options, client: createTransport(options.client) });
  const address = addressOf(options);
  const journal =
    journalPath === false
      ? undefined
      : openJournal({ path: journalPath, place: options, converter: options.converter, onNotice: s3.notice });
  let bytesSent = 0;
  const onSent = (bytes: number) => {
    bytesSent += bytes;
  };
  let adopt = !fresh;
  for (let attempt = 1; ; attempt++) {
    const first = attempt === 1;
    let object = await clearKey(s3, { ...options, replace: fresh && first });
    try {
      // A disk that is complete by now is sent as one: it may be larger than it was to become.
      const disk = first || 'make' in options.disk ? options.disk : await finishedDisk(options.disk);
      object ??= await uploadOnce({ ...options, disk }, { journal, adopt, onSent });
    } catch (error) {
      if (!(error instanceof StartAgain)) throw error;
      if (error.abandons !== undefined) await abortUpload(s3, address, error.abandons);
      if (attempt >= attempts) throw error.because;
      s3.notice(`${error.message}; restarting the upload`);
      adopt = error.keepsUpload;
      continue;
    }
    await journal?.clear();
    await abortAll(s3, address).catch((error: unknown) => {
      s3.signal?.throwIfAborted();
      s3.notice(`other open uploads of this key may remain: ${(error as Error).message}`);
    });
    const outcome = object.outcome === 'found' && !first ? 'adopted' : object.outcome;
    return { ...object, outcome, bytesSent };
  }
}
