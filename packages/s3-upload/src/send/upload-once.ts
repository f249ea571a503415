import { awsCodeOf, policies } from '@ec2-image/aws-call';
import { combineChecksums } from '@ec2-image/checksum';
import { linkedStop } from '../call/linked-stop.ts';
import { addressOf, createS3, type S3 } from '../call/s3.ts';
import { createTransport } from '../call/transport.ts';
import {
  checkFinished,
  diskChanged,
  type FinishedDisk,
  finishedDisk,
  greatestSize,
  isStreamed,
  waitingParts,
} from '../disk/disk.ts';
import { type PartPlan, planConcurrency, planParts, shownPartSize } from '../disk/part-plan.ts';
import { openPartReader } from '../disk/part-reader.ts';
import { type DiskChecksums, type PartChecksum, readChecksums } from '../disk/read-checksums.ts';
import type { UploadJournal } from '../open/journal.ts';
import { adoptUpload, createUpload, type OpenedUpload } from '../open/open-upload.ts';
import type { Placed, UploadDiskOptions } from '../upload-options.ts';
import { reuseOrReplace } from './clear-key.ts';
import { completeUpload } from './complete.ts';
import { proveObject } from './prove-object.ts';
import { sendAll } from './send-all.ts';
import { endedByOthers, lostUpload, StartAgain, unfitUpload } from './start-again.ts';
import type { UploadJob } from './upload-job.ts';

interface OnceOptions {
  readonly journal: UploadJournal | undefined;
  readonly adopt: boolean;
  /** Told of the bytes of each part that was put. */
  readonly onSent: (bytes: number) => void;
}

/**
 * One upload from beginning to proof; `adopt` allows it to resume an open one.
 *
 * @throws StartAgain where another one should be started
 */
export async function uploadOnce(
  options: UploadDiskOptions,
  { journal, adopt, onSent }: OnceOptions,
): Promise<Placed> {
  using stop = linkedStop(options.signal);
  const s3 = createS3({ ...options, client: createTransport(options.client), signal: stop.signal });
  try {
    return await fillAndProve({ options, s3, stop, journal, adopt, onSent });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw awsCodeOf(error) === 'NoSuchUpload' ? endedByOthers(error as Error) : error;
  } finally {
    stop.abort(new DOMException('the upload has ended', 'AbortError'));
  }
}

async function fillAndProve({
  options,
  s3,
  stop,
  journal,
  adopt,
  onSent,
}: OnceOptions & {
  readonly options: UploadDiskOptions;
  readonly s3: S3;
  readonly stop: AbortController;
}): Promise<Placed> {
  const {
    disk,
    metadata,
    sse,
    beforeComplete,
    converter,
    adoptAfterMs: idleMs = policies.adoptUpload.limitMs,
  } = options;
  const address = addressOf(options);
  const upload =
    (adopt && (await adoptUpload({ s3, address, journal, converter, idleMs }))) ||
    (await createUpload({ s3, address, metadata, sse, journal }));
  const plan = planFor(options, upload);
  const concurrency =
    waitingParts(disk, plan.partSize) +
    planConcurrency({ partSize: plan.partSize, concurrency: options.concurrency ?? 5 });
  await using reader = await openPartReader({
    disk,
    partSize: Math.min(plan.partSize, plan.size),
    count: concurrency,
    memory: options.memory,
    sleep: s3.sleep,
    signal: s3.signal,
  });
  const job = createJob({ options, s3, upload, plan, reader, concurrency, onSent });
  const expected = expectedChecksums({ options, job, stop });
  let result: Placed | undefined;
  const complete = async () => {
    const checksums = await expected();
    await beforeComplete?.();
    const { standing } = await completeUpload(job, {
      disk: checksums,
      path: disk.path,
      timeoutMs: options.completeTimeoutMs ?? policies.completeUpload.attemptMs,
    });
    if (standing) {
      const found = await reuseOrReplace(s3, { ...options, replace: false, facts: standing });
      if (!found) throw lostUpload('another object had the key, and was deleted', { keepsUpload: true });
      result = { ...found, outcome: 'adopted' };
    } else {
      const object = await proveObject({ job, options, disk: checksums, adopted: upload.adopted });
      result = { ...object, outcome: upload.adopted ? 'resumed' : 'uploaded' };
    }
  };
  try {
    await sendAll({ job, disk, stop, complete });
  } catch (error) {
    const isUnfit = upload.adopted && awsCodeOf(error) === 'InvalidRequest';
    throw isUnfit ? unfitUpload(error as Error, upload.uploadId) : error;
  }
  return result!;
}

function planFor({ disk, partSize }: UploadDiskOptions, { parts }: OpenedUpload): PartPlan {
  const size = greatestSize(disk);
  return planParts({
    size,
    partSize: shownPartSize({ firstPartSize: parts.get(1)?.size, size }) ?? partSize,
  });
}

/**
 * What every part is to be: of a file by an independent read, beside the upload, once it is complete; of a disk that is made as
 * its parts were sent.
 */
function expectedChecksums({
  options: { disk },
  job,
  stop,
}: {
  readonly options: UploadDiskOptions;
  readonly job: UploadJob;
  readonly stop: AbortController;
}): () => Promise<DiskChecksums> {
  if ('make' in disk) return async () => sentChecksums(job);
  const { plan } = job;
  const expected = finishedDisk(disk).then(async (finished) => {
    if (finished.size > plan.size) throw outgrown(finished, plan);
    await checkFinished(finished);
    return readChecksums({
      disk: finished,
      plan: planParts({ size: finished.size, partSize: plan.partSize }),
      signal: stop.signal,
    });
  });
  expected.catch((error: unknown) => stop.abort(error));
  return () => expected;
}

function sentChecksums({ plan, sent }: UploadJob): DiskChecksums {
  const parts: PartChecksum[] = [];
  // A streamed disk may have fewer than were planned.
  for (let number = 1; number <= plan.count && sent.has(number); number++) {
    const { checksum, size } = sent.get(number)!;
    parts.push({ checksum, size });
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return { size, parts, whole: combineChecksums('CRC32', parts) };
}

function createJob({
  options,
  s3,
  upload,
  plan,
  reader,
  concurrency,
  onSent,
}: {
  readonly options: UploadDiskOptions;
  readonly s3: S3;
  readonly upload: OpenedUpload;
  readonly plan: PartPlan;
  readonly reader: UploadJob['reader'];
  readonly concurrency: number;
  readonly onSent: OnceOptions['onSent'];
}): UploadJob {
  const { disk, onProgress, partTimeoutMs = policies.part.attemptMs } = options;
  let total = 'maxSize' in disk ? undefined : disk.size;
  if ('finished' in disk) {
    void disk.finished.then(
      ({ size }) => {
        total = size;
      },
      () => {},
    );
  }
  const sent: UploadJob['sent'] = new Map();
  return {
    s3,
    address: addressOf(options),
    uploadId: upload.uploadId,
    plan,
    sentAhead: 'finished' in disk,
    isMade: 'make' in disk,
    isStreamed: isStreamed(disk),
    isForeign: upload.isForeign === true,
    reader,
    concurrency,
    partTimeoutMs,
    listed: new Map(upload.parts),
    sent,
    onPart(bytes) {
      onSent(bytes);
      onProgress?.({ done: [...sent.values()].reduce((sum, { size }) => sum + size, 0), total });
    },
  };
}

function outgrown({ path, size }: FinishedDisk, plan: PartPlan): StartAgain {
  return new StartAgain(diskChanged(path, `it has ${size} bytes, where ${plan.size} were to be the most`), {
    keepsUpload: true,
  });
}
