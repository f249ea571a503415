import { createHash } from 'node:crypto';
import { UploadPartCommand, type UploadPartCommandOutput } from '@aws-sdk/client-s3';
import { awsCodeOf, httpStatusOf, isOutage, pause, policies } from '@ec2-image/aws-call';
import { partRange } from '../disk/part-plan.ts';
import type { DiskPart } from '../disk/part-reader.ts';
import { notS3, S3UploadError } from '../errors.ts';
import { judgePart } from './judge-part.ts';
import { foreignParts } from './start-again.ts';
import type { SentPart, UploadJob } from './upload-job.ts';

const tries = policies.part.attempts;

/** S3 received other bytes than those it was announced, or not all of them. */
const damagedOnTheWay = new Set([
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'IncompleteBody',
]);

/**
 * Makes S3 hold part `number` as it is on the disk: what an earlier run put there stays if it is the same, and
 * what S3 says it stored is compared with what was read here, and sent again where it differs.
 *
 * @returns undefined where the disk turned out to end before the part
 * @throws S3UploadError `UPLOAD_CORRUPTED`, `UPLOAD_STALLED`, `UPLOAD_INTERRUPTED` (all with field `partNumber`), those of `explainCall`
 */
export function sendPart(job: UploadJob, number: number): Promise<SentPart | undefined> {
  return job.reader.with(partRange(job.plan, number), async (read) => {
    if (!read) return undefined;
    const { bytes } = read;
    const part = createPart(number, read);
    const kept = keptPart(job, part);
    // The same converter would have made the same part.
    if (job.isMade && job.isForeign && !kept && job.listed.has(number))
      throw foreignParts({ number, uploadId: job.uploadId });
    const sent = kept ?? (await putPart(job, part));
    if (!kept) job.listed.delete(number);
    job.sent.set(number, sent);
    job.onPart(kept ? 0 : bytes.length);
    return sent;
  });
}

interface Part {
  readonly number: number;
  readonly bytes: Buffer;
  readonly checksum: string;
  readonly md5: () => string;
}

function createPart(number: number, { bytes, checksum }: DiskPart): Part {
  return {
    number,
    bytes,
    checksum,
    md5: () => createHash('md5').update(bytes).digest('hex'),
  };
}

/** What an earlier run put, if it is provably the same. */
function keptPart(job: UploadJob, part: Part): SentPart | undefined {
  const listed = job.listed.get(part.number);
  if (listed?.size !== part.bytes.length) return undefined;
  const proof = judgePart({ ETag: listed.etag, ChecksumCRC32: listed.checksum }, part);
  if (proof === 'differs' || proof === 'none') return undefined;
  return { checksum: part.checksum, size: listed.size, etag: listed.etag, proof };
}

async function putPart(job: UploadJob, part: Part): Promise<SentPart> {
  const { number, bytes, checksum } = part;
  for (let attempt = 1; ; attempt++) {
    const last = attempt === tries;
    const answer = await putOnce(job, part, { last });
    const proof = answer && judgePart(answer, part);
    if (answer && proof !== undefined && proof !== 'differs') {
      return { checksum, size: bytes.length, etag: etagOf(answer), proof };
    }
    // An ETag that stays another is none that is made of MD5s, whatever it looks like: the object will be read back.
    if (answer && answer.ChecksumCRC32 === undefined && attempt >= 2) {
      return { checksum, size: bytes.length, etag: etagOf(answer), proof: 'none' };
    }
    if (last) throw corruptedPart(number, `S3 received other bytes than were sent, ${tries} times in a row`);
    job.s3.notice(`part ${number} was corrupted on its way to S3; sending it again`);
    await pause(job.s3, { n: attempt, pace: policies.part });
  }
}

/** Undefined where it should be put again. */
async function putOnce(
  { s3, address, uploadId, partTimeoutMs }: UploadJob,
  { number, bytes, checksum }: Part,
  { last }: { readonly last: boolean },
): Promise<UploadPartCommandOutput | undefined> {
  const command = new UploadPartCommand({
    ...address,
    UploadId: uploadId,
    PartNumber: number,
    Body: bytes,
    ContentLength: bytes.length,
    ChecksumAlgorithm: 'CRC32',
    ChecksumCRC32: checksum,
  });
  try {
    return await s3.send(command, { timeoutMs: partTimeoutMs });
  } catch (error) {
    if (!damagedOnTheWay.has(awsCodeOf(error) ?? '')) throw interrupted(error, { number, partTimeoutMs });
    if (!last) return undefined;
    throw corruptedPart(number, (error as Error).message, error);
  }
}

function etagOf({ ETag }: UploadPartCommandOutput): string {
  if (ETag) return ETag;
  throw notS3('S3 answered a part without an ETag');
}

/** An outage of the line, or of this part's attempts alone: what a service answers stays as it is. */
function interrupted(
  error: unknown,
  { number, partTimeoutMs }: { readonly number: number; readonly partTimeoutMs: number },
): unknown {
  if (!isOutage(error) || httpStatusOf(error) !== undefined || !(error.cause instanceof Error)) return error;
  const failure = error.cause;
  const stalled = isOwnTimeout(failure);
  const minutes = Math.round((error.facts.unreachableMs ?? 0) / 60_000);
  const last = stalled ? `no answer within ${partTimeoutMs / 1000} s` : failure.message;
  return new S3UploadError(
    stalled ? 'UPLOAD_STALLED' : 'UPLOAD_INTERRUPTED',
    `part ${number} failed for ${minutes} min; the last attempt: ${last}`,
    {
      hint: 'Check the network.',
      resumable: true,
      cause: error,
      facts: { partNumber: number },
    },
  );
}

/** The limit of the attempt, or the SDK's for a silent connection: no error of the socket, which the SDK names alike. */
function isOwnTimeout(failure: Error): boolean {
  return (
    failure.name === 'TimeoutError' &&
    ((failure as NodeJS.ErrnoException).code === undefined || failure instanceof DOMException)
  );
}

function corruptedPart(number: number, how: string, cause?: unknown): S3UploadError {
  return new S3UploadError('UPLOAD_CORRUPTED', `part ${number} was corrupted on its way to S3: ${how}`, {
    hint: 'Something between this machine and S3 (a proxy, a network card, memory) changes the data. Run the same command from another machine or network.',
    cause,
    facts: { partNumber: number, partNumbers: [number] },
  });
}
