import { Upload } from '@aws-sdk/lib-storage';
import type { UploadableDisk } from '../disk/disk.ts';
import { answeringClient, type MultipartAnswers } from './answering-client.ts';
import { DiskRange } from './disk-range.ts';
import { orderParts } from './part-order.ts';
import { sendPart } from './send-part.ts';
import type { UploadJob } from './upload-job.ts';

/**
 * Has lib-storage send every part, so many at once, and then complete the upload. A part that fails stops the others at
 * once.
 */
export async function sendAll({
  job,
  disk,
  stop,
  complete,
}: {
  readonly job: UploadJob;
  /** What the job's parts are read from. */
  readonly disk: UploadableDisk;
  /** Aborts with the first failure. */
  readonly stop: AbortController;
  readonly complete: () => Promise<void>;
}): Promise<void> {
  const order = orderParts({ disk, plan: job.plan, signal: stop.signal });
  const answers: MultipartAnswers = {
    create: async () => ({ UploadId: job.uploadId }),
    // It asks for as many parts as there are, in its own order, and uses nothing of the answers.
    part: stopping(stop, async () => {
      const sent = await sendPart(job, order.next());
      // Of a disk that ended earlier than it might have: lib-storage wants an answer, completion knows better.
      return { ETag: sent?.etag ?? '"absent"' };
    }),
    complete: stopping(stop, async () => {
      await complete();
      return {};
    }),
  };
  const { address, plan, s3, concurrency } = job;
  // lib-storage would send a single part by PutObject: it cannot be resumed, nor compared before it is complete.
  if (plan.count === 1) {
    await sendPart(job, 1);
    return complete();
  }
  const upload = new Upload({
    client: answeringClient(s3.client, answers),
    params: { ...address, Key: address.Key, Body: new DiskRange({ start: 0, end: plan.size }) },
    partSize: plan.partSize,
    queueSize: concurrency,
    leavePartsOnError: true,
    abortController: stop,
  });
  try {
    await upload.done();
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  }
}

/** lib-storage continues with the other parts when one fails. */
function stopping<A extends unknown[], R>(
  stop: AbortController,
  act: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await act(...args);
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
}
