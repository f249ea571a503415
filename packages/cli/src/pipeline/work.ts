import { type Digest, objectKey } from '@ec2-image/provenance';
import type { LimitFunction } from 'p-limit';
import type { Cloud } from '../cloud.ts';
import type { ImportRequest } from '../config/import-request.ts';
import type { RunLog } from '../run-log.ts';
import type { ImageDirectory } from '../work-directory.ts';
import type { RunView } from './progress.ts';
import type { Remains } from './remains.ts';
import type { Steps } from './steps.ts';

/** One image's import, as it is asked for. */
export interface ImportJob {
  readonly request: ImportRequest;
  readonly cloud: Cloud;
  readonly workDirectory: string;
  /** Shared by all images of the run, so that none starves the others and memory does not grow with their number. */
  readonly limits: {
    /** They want the processors for themselves. */
    readonly conversions: LimitFunction;
    /** Each holds several parts of 8 MiB. */
    readonly uploads: LimitFunction;
  };
  readonly cancelOnInterrupt: boolean;
  readonly view: RunView;
  readonly log: RunLog;
  readonly signal: AbortSignal;
}

/** The same once the digest has given everything its name. */
export interface Identified extends ImportJob {
  readonly digest: Digest;
  readonly amiName: string;
  readonly steps: Steps;
  readonly remains: Remains;
  readonly startedAt: Date;
  readonly notice: (message: string) => void;
}

/** The same once the work directory of the digest is this run's alone. */
export interface Work extends Identified {
  readonly directory: ImageDirectory;
  /** Of an object that an earlier version left under a key of its own; undefined: as it is made now. */
  readonly earlierKey?: string;
  /** Snapshots that this run found wrong and deleted: a token that leads to one of them is of no use. */
  readonly discardedSnapshots?: readonly string[];
}

/** What every verb of `ec2-import` is given. */
export function ec2Options({ cloud, request, signal, notice }: Identified) {
  return { client: cloud.ec2, pollIntervalMs: request.pollIntervalMs, signal, onNotice: notice };
}

/** What every verb of `s3-upload` is given: the place of this image's object. */
export function objectLocation(work: Identified & Pick<Work, 'earlierKey'>) {
  const { request, cloud, amiName, digest, signal, notice } = work;
  const { bucket, bucketOwner, format, keyPrefix } = request;
  if (bucket === undefined) throw new TypeError('an import by way of S3 has a bucket');
  return {
    client: cloud.s3,
    bucket,
    key: work.earlierKey ?? objectKey({ prefix: keyPrefix, amiName, digest, format }),
    digest,
    format,
    expectedBucketOwner: bucketOwner ?? cloud.account,
    signal,
    onNotice: notice,
  };
}

/** What opening the image's content takes. */
export function contentOptions({ request, directory, signal, notice }: Work) {
  return {
    diskPath: `${directory.diskPath('raw')}.decompressed`,
    maxDiskSize: request.maxDiskSizeBytes,
    allowUnbootable: request.allowUnbootable,
    signal,
    onNotice: notice,
  };
}
