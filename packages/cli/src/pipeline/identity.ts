import { checkBucket } from '@ec2-image/s3-upload';
import type { ImportRequest, RequestedImport } from '../config/import-request.ts';
import { findAmiName } from './begun-name.ts';
import { encryptionFor } from './encryption.ts';
import { findSource } from './find-source.ts';
import { checkRegions } from './publish/check-regions.ts';
import { publishedDigest } from './published-digest.ts';
import type { IdentifiedRun, ImportJob } from './run.ts';
import { sideBySide } from './side-by-side.ts';

export type RequestedJob = Omit<ImportJob, 'request'> & { readonly request: RequestedImport };

/**
 * Which image it is, and what its AMI is called: before anything is looked for, and without changing anything. What is
 * missing that everything would fail without is told here.
 *
 * @param own.onFound called as soon as it is known which file the image is
 */
export async function identify(
  requested: RequestedJob,
  {
    onFound,
    ...own
  }: Pick<IdentifiedRun, 'steps' | 'leftovers' | 'known' | 'notice'> & {
    readonly onFound?: (request: ImportRequest) => void;
  },
): Promise<IdentifiedRun> {
  const { signal, cloud } = requested;
  const { known, notice } = own;
  const request = await findSource(requested.request, { signal, onNotice: notice });
  onFound?.(request);
  const job: ImportJob = { ...requested, request };
  const [digest, encryption] = await sideBySide(signal, (signal) => [
    publishedDigest({ ...job, signal }, known),
    encryptionFor({ ...job, signal }),
    checkBucketOf({ ...job, signal }),
    checkRegions({ ...job, signal }),
  ]);
  known.digest = digest;
  const startedAt = new Date(cloud.connection.clock.now());
  const among = request.via === 'ebs' ? 'images-and-snapshots' : 'all';
  const amiName = await findAmiName({ ...job, notice, digest, startedAt }, among);
  known.amiName = amiName;
  return { ...job, ...own, digest, amiName, encryption, startedAt };
}

/** A bucket that is missing or elsewhere is found out before anything is downloaded for it. */
async function checkBucketOf({ request, cloud, signal, view }: ImportJob): Promise<void> {
  if (request.bucket === undefined) return;
  await checkBucket({
    ...cloud.calls,
    client: cloud.s3,
    bucket: request.bucket,
    region: cloud.region,
    expectedBucketOwner: request.bucketOwner ?? cloud.account,
    signal,
    onNotice: (message) => view.notice(message, request.name),
  });
}
