import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { httpStatusOf, isAwsCallError, refusedCodeOf } from '@ec2-image/aws-call';
import { type PolicyDocument, parsePolicy } from '@ec2-image/iam-policy';
import { checkBucket } from '@ec2-image/s3-upload';
import { explain } from '../errors/explain.ts';
import { bucketFix } from './account-fixes.ts';
import type { Evidence, Need } from './evidence.ts';
import { lifecycleFinding } from './lifecycle.ts';
import type { Place } from './places.ts';
import { type CheckReport, check } from './report.ts';
import type { Scene } from './scene.ts';

export type BucketPlace = Place & { readonly bucket: string };

/** That it is there, in the import's region, and of the account that it is expected of. */
export function checkBucketOf(scene: Scene, { bucket, bucketOwner }: BucketPlace): Promise<CheckReport> {
  const { cloud, region, account, signal } = scene;
  const owner = bucketOwner ?? account;
  return check(`bucket ${bucket}`, async () => {
    try {
      await checkBucket({
        ...cloud.calls,
        client: cloud.s3,
        bucket,
        region,
        expectedBucketOwner: owner,
        signal,
      });
      return { state: 'ok', detail: `in ${region}, owned by ${owner}` };
    } catch (error) {
      const { code, message, hint } = explain(error);
      const isMissing = code === 'NO_SUCH_BUCKET';
      return { state: 'failed', detail: message, hint, ...(isMissing && { fix: bucketFix(scene, bucket) }) };
    }
  });
}

/** Puts, reads and deletes a small object under the prefix, as an import does its disk, and begins an upload in parts. */
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
    const encryption = sse && { ServerSideEncryption: sse.algorithm, SSEKMSKeyId: sse.kmsKeyId };
    const isAbsent = (error: unknown) => httpStatusOf(error) === 404;
    // Without ListBucket S3 does not say that an object is missing.
    await attempt({ needs: [['s3:ListBucket', onBucket]], passes: isAbsent }, () =>
      s3.send(new HeadObjectCommand(object)),
    );
    const put = await attempt({ needs: [['s3:PutObject', onObjects]] }, () =>
      s3.send(new PutObjectCommand({ ...object, ...encryption, Body: content, ChecksumAlgorithm: 'CRC32' })),
    );
    if (put) {
      await attempt({ needs: [['s3:GetObject', onObjects]] }, async () => {
        const { Body } = await s3.send(new GetObjectCommand(object));
        if ((await Body?.transformToString()) !== content) throw new Error(`${key} reads back differently`);
      });
    }
    await attempt({ needs: [['s3:ListBucketMultipartUploads', onBucket]] }, () =>
      s3.send(new ListMultipartUploadsCommand({ ...at, Prefix: key, MaxUploads: 1 })),
    );
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
      const part = { ...object, UploadId: upload.UploadId };
      await attempt({ needs: [['s3:ListMultipartUploadParts', onObjects]] }, () =>
        s3.send(new ListPartsCommand(part)),
      );
      const aborted = await attempt({ needs: [['s3:AbortMultipartUpload', onObjects]] }, () =>
        s3.send(new AbortMultipartUploadCommand(part)),
      );
      if (!aborted) problems.push(`still in the bucket: the incomplete upload of ${key}`);
    }
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

  /** A version by its name, so that nothing stays; without that permission, as far as it goes. */
  async function removeProbe(version: string | undefined): Promise<boolean> {
    const isVersion = version !== undefined && version !== 'null';
    const deleted = isVersion
      ? await attempt({ needs: [['s3:DeleteObjectVersion', onObjects]] }, () =>
          s3.send(new DeleteObjectCommand({ ...object, VersionId: version })),
        )
      : undefined;
    // Of a version that is gone, this leaves a marker, which goes in turn.
    const marked = await attempt({ needs: [['s3:DeleteObject', onObjects]] }, () =>
      s3.send(new DeleteObjectCommand(object)),
    );
    if (!isVersion) return marked !== undefined;
    if (marked?.VersionId !== undefined && deleted) {
      await attempt({ needs: [['s3:DeleteObjectVersion', onObjects]] }, () =>
        s3.send(new DeleteObjectCommand({ ...object, VersionId: marked.VersionId })),
      );
    }
    return deleted !== undefined;
  }
}

const content = 'ec2-image doctor\n';

/** Versions and incomplete uploads that nobody removes are charged, and nothing shows them in a list of objects. */
export function checkCleanup(
  scene: Scene,
  { bucket, keyPrefix, bucketOwner }: BucketPlace,
): Promise<CheckReport> {
  const { s3 } = scene.senders;
  const at = { Bucket: bucket, ExpectedBucketOwner: bucketOwner ?? scene.account };
  return check(`lifecycle of ${bucket}`, async () => {
    try {
      const { Status } = await s3.send(new GetBucketVersioningCommand(at));
      const rules = await s3.send(new GetBucketLifecycleConfigurationCommand(at)).then(
        ({ Rules = [] }) => Rules,
        (error: unknown) => {
          if (refusedCodeOf(error) === 'NoSuchLifecycleConfiguration') return [];
          throw error;
        },
      );
      return lifecycleFinding({
        bucket,
        keyPrefix,
        rules,
        isVersioned: Status === 'Enabled' || Status === 'Suspended',
      });
    } catch (error) {
      if (!isAwsCallError(error, 'ACCESS_DENIED')) throw error;
      return {
        state: 'warning',
        unseen: true,
        detail: `not checked: ${error.message}`,
        hint: 'Allow s3:GetBucketVersioning and s3:GetLifecycleConfiguration to have it checked; an import does not need it.',
      };
    }
  });
}

/** Of the bucket itself; `unknown` where it may not be read. */
export async function readBucketPolicy(
  { senders: { s3 }, account, signal }: Scene,
  { bucket, bucketOwner }: BucketPlace,
): Promise<PolicyDocument | 'unknown' | undefined> {
  try {
    const at = { Bucket: bucket, ExpectedBucketOwner: bucketOwner ?? account };
    const { Policy } = await s3.send(new GetBucketPolicyCommand(at));
    return Policy === undefined ? undefined : parsePolicy(Policy, 'resource');
  } catch (error) {
    signal.throwIfAborted();
    return refusedCodeOf(error) === 'NoSuchBucketPolicy' ? undefined : 'unknown';
  }
}

/** What its objects are encrypted with where the request does not say; undefined where no key of KMS is. */
export async function bucketKeyOf(
  { senders: { s3 }, account, signal }: Scene,
  { bucket, bucketOwner, sse }: BucketPlace,
): Promise<string | undefined> {
  if (sse) return sse.algorithm === 'AES256' ? undefined : (sse.kmsKeyId ?? 'alias/aws/s3');
  try {
    const at = { Bucket: bucket, ExpectedBucketOwner: bucketOwner ?? account };
    const { ServerSideEncryptionConfiguration: found } = await s3.send(new GetBucketEncryptionCommand(at));
    const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } =
      found?.Rules?.[0]?.ApplyServerSideEncryptionByDefault ?? {};
    if (algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') return undefined;
    return key ?? 'alias/aws/s3';
  } catch (error) {
    signal.throwIfAborted();
    if (isAwsCallError(error, 'ACCESS_DENIED')) return 'unreadable';
    throw error;
  }
}
