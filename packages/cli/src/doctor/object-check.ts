import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { awsCodeOf, httpStatusOf } from '@ec2-image/aws-call';
import { explain } from '../errors/explain.ts';
import type { BucketPlace } from './bucket-checks.ts';
import type { Evidence, Need } from './evidence.ts';
import { type CheckReport, check } from './report.ts';
import type { Scene } from './scene.ts';

const content = 'ec2-image doctor\n';

/** How often a put can have been repeated, each time for a version of its own. */
const mostVersions = 10;

/**
 * Puts, reads and deletes a small object under the prefix, as an import does its disk, and begins an upload in parts.
 * Nothing of it stays, though a call whose answer was lost is repeated, and leaves an upload or a version that no answer
 * names.
 */
export function checkObjects(
  scene: Scene,
  { place, evidence }: { readonly place: BucketPlace; readonly evidence: Evidence },
): Promise<CheckReport> {
  const { bucket, keyPrefix, sse, bucketOwner } = place;
  const { senders, account, partition } = scene;
  const { s3 } = senders;
  const key = `${keyPrefix}ec2-image-doctor-${randomBytes(8).toString('hex')}`;
  const at = { Bucket: bucket, ExpectedBucketOwner: bucketOwner ?? account };
  const object = { ...at, Key: key };
  const encryption = sse && { ServerSideEncryption: sse.algorithm, SSEKMSKeyId: sse.kmsKeyId };
  const onBucket = `arn:${partition}:s3:::${bucket}`;
  const onObjects = `${onBucket}/${keyPrefix}*`;
  const problems: string[] = [];
  const attempt = async <T>(need: Need, call: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await evidence.attempt(need, call);
    } catch (error) {
      scene.signal.throwIfAborted();
      if (need.passes?.(error)) return undefined;
      problems.push(explain(error).message);
      return undefined;
    }
  };
  return check(`objects in ${bucket}`, async () => {
    // Without ListBucket S3 does not say that an object is missing.
    await currentVersion();
    const put = await attempt({ needs: [['s3:PutObject', onObjects]] }, () =>
      s3.send(new PutObjectCommand({ ...object, ...encryption, Body: content, ChecksumAlgorithm: 'CRC32' })),
    );
    if (put) {
      await attempt({ needs: [['s3:GetObject', onObjects]] }, async () => {
        const { Body } = await s3.send(new GetObjectCommand(object));
        if ((await Body?.transformToString()) !== content) throw new Error(`${key} reads back differently`);
      });
    }
    if (!(await tryUpload())) problems.push(`still in the bucket: the incomplete upload of ${key}`);
    if (put && !(await removeProbe(put.VersionId))) problems.push(`still in the bucket: ${key}`);
    if (problems.length === 0)
      return { state: 'ok', detail: `put, read, listed and deleted under ${keyPrefix || '/'}` };
    return {
      state: 'failed',
      detail: problems[0]!,
      hint: [...problems.slice(1), 'An import needs the permissions that `ec2-image iam-policy` prints'].join(
        '; ',
      ),
    };
  });

  function currentVersion() {
    const isAbsent = (error: unknown) => httpStatusOf(error) === 404;
    return attempt({ needs: [['s3:ListBucket', onBucket]], passes: isAbsent }, () =>
      s3.send(new HeadObjectCommand(object)),
    );
  }

  /** Only the answer that the object is deleted names the marker that says so. */
  async function currentMarker(): Promise<string | undefined> {
    let marker: string | undefined;
    const findMarker = (error: unknown) => {
      if (httpStatusOf(error) !== 404) return false;
      const { $response } = ((error as Error).cause ?? {}) as {
        readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
      };
      const { 'x-amz-delete-marker': isMarker, 'x-amz-version-id': version } = $response?.headers ?? {};
      if (isMarker === 'true') marker = version;
      return true;
    };
    await attempt({ needs: [['s3:ListBucket', onBucket]], passes: findMarker }, () =>
      s3.send(new HeadObjectCommand(object)),
    );
    return marker;
  }

  /** Begins an upload, and aborts it. @returns whether none is left */
  async function tryUpload(): Promise<boolean> {
    const upload = await attempt({ needs: [['s3:PutObject', onObjects]] }, () =>
      s3.send(
        new CreateMultipartUploadCommand({
          ...object,
          ...encryption,
          ChecksumAlgorithm: 'CRC32',
          ChecksumType: 'FULL_OBJECT',
        }),
      ),
    );
    if (upload) {
      await attempt({ needs: [['s3:ListMultipartUploadParts', onObjects]] }, () =>
        s3.send(new ListPartsCommand({ ...object, UploadId: upload.UploadId })),
      );
    }
    const listed = await attempt({ needs: [['s3:ListBucketMultipartUploads', onBucket]] }, () =>
      s3.send(new ListMultipartUploadsCommand({ ...at, Prefix: key })),
    );
    const begun = new Set([upload, ...(listed?.Uploads ?? [])].flatMap((each) => each?.UploadId ?? []));
    let left = 0;
    for (const UploadId of begun) {
      const aborted = await attempt({ needs: [['s3:AbortMultipartUpload', onObjects]] }, () =>
        abort(UploadId),
      );
      if (!aborted) left += 1;
    }
    return left === 0;
  }

  async function abort(UploadId: string): Promise<true> {
    try {
      await s3.send(new AbortMultipartUploadCommand({ ...object, UploadId }));
    } catch (error) {
      // An attempt before, whose answer was lost, has aborted it.
      if (awsCodeOf(error) !== 'NoSuchUpload') throw error;
    }
    return true;
  }

  /** A version by its name, so that nothing stays; without that permission, as far as it goes. */
  async function removeProbe(version: string | undefined): Promise<boolean> {
    const isVersion = version !== undefined && version !== 'null';
    let deleted = isVersion && (await removeVersion(version));
    for (let round = 1; deleted && round < mostVersions; round++) {
      const older = (await currentVersion())?.VersionId;
      if (older === undefined) break;
      deleted = await removeVersion(older);
    }
    // Of a version that is gone, each attempt leaves a marker; they go in turn.
    const marked = await attempt({ needs: [['s3:DeleteObject', onObjects]] }, () =>
      s3.send(new DeleteObjectCommand(object)),
    );
    if (!isVersion) return marked !== undefined;
    let marker = marked?.VersionId;
    for (let round = 1; deleted && marker !== undefined && round < mostVersions; round++) {
      deleted = await removeVersion(marker);
      marker = await currentMarker();
    }
    return deleted;
  }

  async function removeVersion(VersionId: string): Promise<boolean> {
    const deleted = await attempt({ needs: [['s3:DeleteObjectVersion', onObjects]] }, () =>
      s3.send(new DeleteObjectCommand({ ...object, VersionId })),
    );
    return deleted !== undefined;
  }
}
