import { imageFileName, readChecksum } from '@ec2-image/fetch';
import { amiNameOf, type Digest, shortDigest } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import { checkBucket } from '@ec2-image/s3-upload';
import { explain } from '../explain.ts';
import type { ImageOutcome, ImageResult } from '../outcome.ts';
import { openImageDirectory } from '../work-directory.ts';
import { makeAmi, type ObtainedAmi, reuseAmi } from './ami.ts';
import { createRemains } from './remains.ts';
import { createSteps } from './steps.ts';
import type { Identified, ImportJob } from './work.ts';

/** What is known of an image, as far as its run came. */
interface Known {
  digest?: Digest;
  amiName?: string;
  snapshotId?: string;
  imageId?: string;
}

/** Brings one image into EC2, from wherever an earlier run left off. Never throws: a failure is a result. */
export async function importImage(job: ImportJob): Promise<ImageResult> {
  const { request, cloud, view, log, signal } = job;
  const steps = createSteps({ image: request.name, view });
  const remains = createRemains();
  const known: Known = { digest: 'digest' in request.checksum ? request.checksum.digest : undefined };
  const resultOf = (outcome: ImageOutcome, rest: Partial<ImageResult>): ImageResult => ({
    name: request.name,
    amiName: known.amiName ?? null,
    outcome,
    imageId: known.imageId ?? null,
    snapshotId: known.snapshotId ?? null,
    region: cloud.region,
    architecture: request.architecture,
    tags: {},
    source: { url: redactUrl(request.urls[0]!), digest: known.digest ?? null },
    image: null,
    steps: steps.report(),
    ...rest,
  });
  try {
    view.stage(request.name, 'checking');
    const [digest] = await Promise.all([publishedDigest(job), checkBucketOf(job)]);
    known.digest = digest;
    const amiName = amiNameOf({ name: request.name, suffix: request.suffix ?? shortDigest(digest) });
    known.amiName = amiName;
    const notice = (message: string) => view.notice(message, request.name);
    const { outcome, error, ...ami } = await obtainAmi(
      { ...job, digest, amiName, steps, remains, notice, startedAt: new Date() },
      known,
    );
    view.imageEnded(request.name, outcome, `${ami.imageId} (${amiName})`);
    return resultOf(outcome, { ...ami, ...(error && { error: explain(error) }) });
  } catch (error) {
    const interrupted = signal.aborted;
    const explained = explain(interrupted ? signal.reason : error);
    log.event('error', {
      image: request.name,
      ...explained,
      stack: error instanceof Error ? error.stack : undefined,
    });
    const outcome = interrupted ? 'interrupted' : 'failed';
    view.imageEnded(request.name, outcome, interrupted ? undefined : explained.code);
    return resultOf(outcome, { error: explained, leftovers: remains.list() });
  }
}

/** Asked from the end: the AMI, or what it takes to make it. Local files go last. */
async function obtainAmi(work: Identified, known: Known): Promise<ObtainedAmi> {
  const { workDirectory, digest, signal, view, request } = work;
  const existing = await reuseAmi(work);
  if (existing && !request.verify) return existing;
  let waited = false;
  const directory = await openImageDirectory({
    workDirectory,
    digest,
    signal,
    onWait() {
      waited = true;
      view.stage(request.name, 'waiting');
      work.notice('another run on this machine works on the same image: waiting for it');
    },
  });
  try {
    // Whoever was waited for may have made it.
    const reused = waited ? await reuseAmi(work) : existing;
    if (reused?.snapshotId && request.verify) {
      await (await import('./prove-snapshot.ts')).proveSnapshot({ ...work, directory }, reused.snapshotId);
    }
    const ami = reused ?? (await makeAmi({ ...work, directory }, known));
    if (!request.keepFiles && ami.outcome !== 'partial') await directory.remove();
    return ami;
  } finally {
    directory.release();
  }
}

async function publishedDigest({ request, signal, view }: ImportJob): Promise<Digest> {
  const { checksum, urls, allowInsecureChecksum } = request;
  if ('digest' in checksum) return checksum.digest;
  const { digest } = await readChecksum({
    url: checksum.url,
    fileName: imageFileName(urls[0]!),
    allowInsecure: allowInsecureChecksum,
    signal,
    onNotice: (message) => view.notice(message, request.name),
  });
  return digest;
}

/** A bucket that is missing or elsewhere is found out before anything is downloaded for it. */
async function checkBucketOf({ request, cloud, signal }: ImportJob): Promise<void> {
  if (request.bucket === undefined) return;
  await checkBucket({
    client: cloud.s3,
    bucket: request.bucket,
    region: cloud.region,
    expectedBucketOwner: request.bucketOwner ?? cloud.account,
    signal,
  });
}
