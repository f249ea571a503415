import type { AmiFacts } from '@ec2-image/ec2-import';
import type { LocalFiles, VerifiedImage } from '@ec2-image/fetch';
import { type Digest, objectKey } from '@ec2-image/provenance';
import type { PartMemory } from '@ec2-image/s3-upload';
import type { LimitFunction } from 'p-limit';
import type { Cloud } from '../aws/cloud.ts';
import type { ImportRequest } from '../config/import-request.ts';
import type { ChainLink, FoundBoot, ReportedBootTest } from '../outcome.ts';
import type { RunLog } from '../run-log.ts';
import type { ImageDirectory } from '../work-directory/image-directory.ts';
import type { EarlyDownload } from './early-download.ts';
import type { Encryption } from './encryption.ts';
import type { Leftovers } from './leftovers.ts';
import type { RunView } from './progress.ts';
import type { SnapshotProof } from './snapshot-proof.ts';
import type { Steps } from './steps.ts';

/** One image's import, as the user requested it. */
export interface ImportJob {
  readonly request: ImportRequest;
  readonly cloud: Cloud;
  readonly workDirectory: string;
  /** Shared by all images of the run, so that none starves the others and memory does not grow with their number. */
  readonly limits: {
    /** They want the processors for themselves. */
    readonly conversions: LimitFunction;
    /** Each of a file or a stream holds several parts of 8 MiB. */
    readonly uploads: LimitFunction;
    /** Those of disks that are made share this, however many they are: an image that is slow to arrive keeps no other waiting. */
    readonly partMemory: PartMemory;
    /** They want a processor each. */
    readonly proofs: LimitFunction;
    /** Of disks that are still being sent, for which they wait: no other proof waits for them. */
    readonly proofsAhead: LimitFunction;
  };
  readonly cancelOnInterrupt: boolean;
  /** The same command continues from what this run leaves: hints and notices say so. */
  readonly resumes: boolean;
  readonly view: RunView;
  readonly log: RunLog;
  readonly signal: AbortSignal;
}

/** What a run has found out and made so far: also what its result says where it fails. */
export interface Known {
  /** See {@link showLink}. */
  chain?: ChainLink[];
  digest?: Digest;
  amiName?: string;
  /** The fingerprint of the primary key whose signature was verified, of checksum file or image. */
  signedBy?: string;
  /** By what the image can be booted, where `boot-mode` is `auto`. */
  boot?: FoundBoot;
  snapshotId?: string;
  imageId?: string;
  bootTest?: ReportedBootTest;
  /** Of the snapshot. */
  proof?: SnapshotProof;
}

/** The same once the digest has given everything its name. */
export interface IdentifiedRun extends ImportJob {
  readonly digest: Digest;
  readonly amiName: string;
  readonly encryption: Encryption;
  readonly steps: Steps;
  readonly leftovers: Leftovers;
  readonly known: Known;
  readonly startedAt: Date;
  readonly notice: (message: string) => void;
}

/** The same once the work directory of the digest is this run's alone. */
export interface ImageRun extends IdentifiedRun {
  readonly directory: ImageDirectory;
  /** Images of this machine: who changes a name meanwhile changes nothing for this run. */
  readonly localFiles: LocalFiles;
  /** Of an object that an earlier version left under a key of its own; undefined: as keys are made now. */
  readonly earlierKey?: string;
  /** Imports of this disk that have ended without a snapshot, by whichever run: each has used up a token. */
  readonly endedAttempts: { number: number };
  /**
   * Proofs that have failed in this run: after the first that found something wrong qemu-img converts, after the second one nobody
   * does; and those that were impossible.
   */
  readonly failedProofs: { wrong: number; unproven: number };
  /** Streams of the image that had another digest, or could not be decompressed; and whether one had another size than the image says. */
  readonly wrongStreams: { number: number; isSizeWrong: boolean };
  readonly image: {
    /** Whether this run has had the image whole and verified: from then on nothing is made of it on its way. */
    isVerified: boolean;
    /** Once it was begun, whether or not somebody has it since. */
    early?: EarlyDownload;
  };
  /** Awaited before an AMI is deregistered for the one that is registered: where it rejects, that AMI stays. */
  readonly beforeReplacing: (ami: AmiFacts) => Promise<void>;
  /** Snapshots that this run has deleted, or could not prove: whatever leads to one of them is of no use. */
  readonly unwantedSnapshots: string[];
}

export type ObtainImage = (run: ImageRun) => Promise<VerifiedImage>;

/** As much of a run as finding what exists takes. */
export type Finding = Pick<
  IdentifiedRun,
  'request' | 'cloud' | 'resumes' | 'signal' | 'digest' | 'amiName' | 'encryption' | 'known' | 'notice'
>;

/** What every verb of `ec2-import` is given. */
export function ec2Options({
  cloud,
  request,
  resumes,
  signal,
  notice,
}: Pick<Finding, 'cloud' | 'request' | 'resumes' | 'signal' | 'notice'>) {
  return {
    ...cloud.calls,
    client: cloud.ec2,
    pollIntervalMs: request.pollIntervalMs,
    resumes,
    signal,
    onNotice: notice,
  };
}

/** What this run asks of a snapshot beside its digest, whether it finds or makes it, or finds an AMI of it. */
export function wantedSnapshotOf({ request, encryption: { encrypted, kmsKeyArn } }: Finding) {
  return { allowHoles: request.omitHoles, encrypted, kmsKeyId: kmsKeyArn };
}

/** What every verb of `s3-upload` is given: the place of this image's object. */
export function objectLocation(run: Finding & Pick<ImageRun, 'earlierKey'>) {
  const { request, cloud, amiName, digest, signal, notice } = run;
  const { bucket, bucketOwner, format, keyPrefix } = request;
  if (bucket === undefined) throw new TypeError('an import by way of S3 has a bucket');
  return {
    ...cloud.calls,
    client: cloud.s3,
    bucket,
    key: run.earlierKey ?? objectKey({ prefix: keyPrefix, amiName, digest, format }),
    digest,
    format,
    expectedBucketOwner: bucketOwner ?? cloud.account,
    signal,
    onNotice: notice,
  };
}

export function objectUrl({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `s3://${bucket}/${key}`;
}

/** What opening the image's content takes. */
export function contentOptions({ request, directory, signal, notice }: ImageRun) {
  return {
    diskPath: `${directory.diskPath('raw')}.decompressed`,
    maxDiskSize: request.maxDiskSizeBytes,
    decompressionMemoryBytes: request.decompressionMemoryBytes,
    allowUnbootable: request.allowUnbootable,
    withHoles: request.omitHoles,
    signal,
    onNotice: notice,
  };
}
