import { policies } from '@ec2-image/aws-call';
import { addressOf, createS3, type ObjectPlace, type S3Options } from '../call/s3.ts';
import { openJournal } from './journal.ts';
import { chooseOpenUpload } from './open-upload.ts';

/** What S3 has of an object whose upload is incomplete. */
export interface SentParts {
  readonly bytes: number;
  readonly count: number;
}

/**
 * The parts that `uploadDisk` would not send again, unless the disk differs from them; undefined where it would start a
 * new upload. Changes nothing.
 *
 * @param options.journalPath where this machine would note that an upload is its own
 * @throws whatever ends a call to S3
 */
export async function findSentParts(
  options: S3Options & ObjectPlace & { readonly journalPath: string },
): Promise<SentParts | undefined> {
  const s3 = createS3(options);
  const journal = openJournal({ path: options.journalPath, place: options, onNotice: s3.notice });
  const choice = await chooseOpenUpload({
    s3,
    address: addressOf(options),
    noted: await journal.read(),
    idleMs: policies.adoptUpload.limitMs,
  });
  if (!choice || choice.upload.parts.size === 0) return undefined;
  const parts = [...choice.upload.parts.values()];
  return { bytes: parts.reduce((sum, { size }) => sum + size, 0), count: parts.length };
}
