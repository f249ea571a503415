import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import {
  awsCodeOf,
  httpStatusOf,
  isOutage,
  isTransient,
  pause,
  policies,
  watchOutage,
} from '@ec2-image/aws-call';
import { diskChanged, diskDiffers } from '../disk/disk.ts';
import type { DiskChecksums } from '../disk/read-checksums.ts';
import { S3UploadError } from '../errors.ts';
import { describeObject, type ObjectFacts } from '../object/describe-object.ts';
import { listParts } from '../open/open-uploads.ts';
import { compareObject } from './compare-object.ts';
import { judgeCompletion } from './judge-completion.ts';
import { sendPart } from './send-part.ts';
import { endedByOthers, StartAgain } from './start-again.ts';
import type { SentPart, UploadJob } from './upload-job.ts';

const tries = policies.completeUpload.attempts;
/** The same where S3 holds other parts than it answered: who keeps putting them, or why, is not found out by repeating. */
const triesWithOtherParts = 3;

export interface Completion {
  /** The object under the key where it is not, or not known to be, this upload's: to be judged. */
  readonly standing?: ObjectFacts;
}

/**
 * Completes the upload with every part proven against the disk; nothing else can come out of it, since S3 checks each
 * part's ETag and CRC32, the whole's CRC32 and its size, and that no object stands under the key.
 *
 * @throws StartAgain, S3UploadError
 */
export async function completeUpload(
  job: UploadJob,
  {
    disk,
    path,
    timeoutMs,
  }: { readonly disk: DiskChecksums; readonly path: string; readonly timeoutMs: number },
): Promise<Completion> {
  const { s3, address } = job;
  const outage = watchOutage(s3);
  let conditional = true;
  for (let attempt = 1; ; ) {
    const parts = await proveParts(job, { disk, path });
    try {
      await s3.send(completeCommand(job, { disk, parts, conditional }), { retry: false, timeoutMs });
      return {};
    } catch (error) {
      const failure = judgeCompletion({
        awsCode: awsCodeOf(error),
        httpStatus: httpStatusOf(error),
        unclear: isTransient(error),
      });
      if (failure === 'refused' || (failure === 'unconditional' && !conditional)) throw error;
      const standing = await describeObject(s3, address);
      if (standing) {
        const etags = parts.map(({ etag }) => etag);
        const own = ['checksum', 'etag'].includes(compareObject(standing, disk, { etags }));
        return own ? {} : { standing };
      }
      if (failure === 'conflict' || failure === 'gone') throw endedByOthers(error as Error);
      if (isOutage(error)) {
        await outage.endure(error);
        await forgetDiffering(job, error);
        continue;
      }
      outage.end();
      if (attempt === tries) throw error;
      attempt += 1;
      if (failure === 'unconditional') {
        conditional = false;
        continue;
      }
      await pause(s3, { n: attempt - 1, pace: policies.completeUpload });
      const differing = await forgetDiffering(job, error as Error);
      if (failure !== 'parts-differ') continue;
      if (differing === 0 && awsCodeOf(error) === 'InvalidRequest') throw error;
      if (differing === 0 || attempt > triesWithOtherParts) throw corrupted(error as Error);
    }
  }
}

/** Every part as the disk has it, sent again where it is another. */
async function proveParts(
  job: UploadJob,
  { disk, path }: { readonly disk: DiskChecksums; readonly path: string },
): Promise<SentPart[]> {
  if (job.isStreamed) requireAllSent(job, disk);
  const resent: number[] = [];
  const parts = await Promise.all(
    disk.parts.map(async (expected, index) => {
      const number = index + 1;
      const sent = job.sent.get(number);
      if (sent && isSame(sent, expected)) return sent;
      // That the converter has rewritten what was sent ahead of it is in the nature of things, and nobody's news.
      if (!(sent && job.sentAhead)) resent.push(number);
      const again = await sendPart(job, number);
      if (again && isSame(again, expected)) return again;
      throw job.isMade
        ? diskDiffers(path, number)
        : diskChanged(path, `part ${number} changed between reads`);
    }),
  );
  if (resent.length > 0) {
    job.s3.notice(`re-uploaded parts that did not match: ${resent.sort((a, b) => a - b).join(', ')}`);
  }
  return parts;
}

/** What has gone by of a stream only comes again from the beginning. */
function requireAllSent({ sent }: UploadJob, { parts }: DiskChecksums): void {
  const numbers = parts.map((_, index) => index + 1).filter((number) => !sent.has(number));
  if (numbers.length === 0) return;
  throw new StartAgain(
    new S3UploadError('UPLOAD_CORRUPTED', `S3 does not have part ${numbers.join(', ')} as it confirmed`, {
      hint: 'Make sure only one run uploads this image, then run the same command again.',
      facts: { partNumbers: numbers },
    }),
    { keepsUpload: true },
  );
}

function isSame(sent: SentPart, expected: { readonly checksum: string; readonly size: number }): boolean {
  return sent.checksum === expected.checksum && sent.size === expected.size;
}

function completeCommand(
  { address, uploadId }: UploadJob,
  { disk, parts, conditional }: { disk: DiskChecksums; parts: readonly SentPart[]; conditional: boolean },
): CompleteMultipartUploadCommand {
  return new CompleteMultipartUploadCommand({
    ...address,
    UploadId: uploadId,
    MultipartUpload: {
      Parts: parts.map(({ etag, checksum }, index) => ({
        PartNumber: index + 1,
        ETag: etag,
        ChecksumCRC32: checksum,
      })),
    },
    ChecksumCRC32: disk.whole,
    ChecksumType: 'FULL_OBJECT',
    MpuObjectSize: disk.size,
    ...(conditional && { IfNoneMatch: '*' }),
  });
}

/**
 * Parts that S3 holds otherwise than it answered, or that another process has put, are forgotten, and so sent again.
 *
 * @returns how many there are
 */
async function forgetDiffering(job: UploadJob, error: Error): Promise<number> {
  const listed = await listParts(job.s3, job.address, job.uploadId);
  if (!listed) throw endedByOthers(error);
  const differing = [...job.sent].filter(([number, sent]) => {
    const part = listed.get(number);
    const same =
      part?.size === sent.size &&
      part.etag === sent.etag &&
      (part.checksum === undefined || part.checksum === sent.checksum);
    return !same;
  });
  for (const [number] of differing) {
    job.sent.delete(number);
    job.listed.delete(number);
  }
  return differing.length;
}

function corrupted(cause: Error): StartAgain {
  return new StartAgain(
    new S3UploadError('UPLOAD_CORRUPTED', `S3 does not have the parts that it confirmed: ${cause.message}`, {
      hint: 'Make sure only one run uploads this image, then run the same command again.',
      cause,
      facts: { partNumbers: [] },
    }),
  );
}
