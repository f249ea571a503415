import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { isAwsCallError, refusedCodeOf } from '@ec2-image/aws-call';
import { type PolicyDocument, parsePolicy } from '@ec2-image/iam-policy';
import { checkBucket } from '@ec2-image/s3-upload';
import { explain } from '../errors/explain.ts';
import { bucketFix } from './account-fixes.ts';
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
