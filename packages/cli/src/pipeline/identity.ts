import { readChecksum } from '@ec2-image/fetch';
import type { Digest } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import { checkBucket } from '@ec2-image/s3-upload';
import type { ImportRequest, RequestedImport } from '../config/import-request.ts';
import { amiNameFor } from './ami-name.ts';
import { showLink } from './chain.ts';
import { encryptionFor } from './encryption.ts';
import { findSource } from './find-source.ts';
import type { IdentifiedRun, ImportJob, Known } from './run.ts';
import { sideBySide } from './side-by-side.ts';
import { signedBy } from './signer.ts';

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
  ]);
  known.digest = digest;
  const startedAt = new Date(cloud.connection.clock.now());
  const amiName = amiNameFor(request, { digest, startedAt });
  known.amiName = amiName;
  return { ...job, ...own, digest, amiName, encryption, startedAt };
}

/** What identifies the image: given, or read from its checksum file. */
export async function publishedDigest(
  { request, cloud, signal, view }: Pick<ImportJob, 'request' | 'cloud' | 'signal' | 'view'>,
  known: Known,
): Promise<Digest> {
  const { checksum, urls, allowInsecureChecksum, trust } = request;
  const link = { from: 'publisher', to: 'digest' } as const;
  if ('digest' in checksum) {
    showLink({ cloud, known }, { ...link, shownBy: 'given to this run', value: checksum.digest });
    return checksum.digest;
  }
  const onNotice = (message: string) => view.notice(message, request.name);
  const { digest, signer } = await readChecksum({
    url: checksum.url,
    imageUrl: urls,
    entry: checksum.entry,
    allowInsecure: allowInsecureChecksum,
    trust,
    signS3: cloud.signS3,
    signal,
    onNotice,
  });
  if (signer) {
    onNotice(signedBy('checksum file', signer));
    // Whoever gives the signature of the image wants that one.
    if (trust?.signs !== 'image') known.signedBy = signer.fingerprint;
  }
  const signature = signer ? `, ${signedBy('checksum file', signer)}` : '';
  const shownBy = `published at ${redactUrl(checksum.url)}${signature}`;
  showLink({ cloud, known }, { ...link, shownBy, value: digest });
  return digest;
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
