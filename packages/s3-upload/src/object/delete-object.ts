import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { awsCodeOf, httpStatusOf, isAwsCallError, isTransient, policies, retry } from '@ec2-image/aws-call';
import { addressOf, createS3, type S3, type S3Options } from '../call/s3.ts';
import { S3UploadError } from '../errors.ts';
import type { StoredObject } from './stored-object.ts';
import { describeVerified } from './verify-object.ts';

/** How the deletion of an object ended. */
export interface DeletedObject {
  /** The bucket has versions, and these credentials may delete none: it stays, and costs, behind a delete marker. */
  readonly leavesVersion: boolean;
}

/**
 * Deletes the object if it is still the one that was proven; its version itself in a bucket with versioning, or else a
 * notice says that it stays. One that no longer exists counts as deleted.
 *
 * @throws S3UploadError `OBJECT_CHANGED`: another one has the key, and is kept
 */
export async function deleteObject(
  options: S3Options & { readonly object: StoredObject },
): Promise<DeletedObject> {
  const s3 = createS3(options);
  let leavesVersion = false;
  const onVersionDenied = () => {
    leavesVersion = true;
  };
  try {
    await retry(s3, {
      policy: policies.remove,
      async call() {
        // Its version may be told only since: versioning can be turned on at any time.
        const { versionId } = await describeVerified(options);
        await removeObject(s3, { ...options, object: { ...options.object, versionId }, onVersionDenied });
      },
      // Changed since the look, or an answer that was lost: the next attempt looks first.
      isRetryable: (error) => isTransient(error) || [409, 412].includes(httpStatusOf(error) ?? 0),
    });
  } catch (error) {
    if (!(error instanceof S3UploadError && error.code === 'OBJECT_MISSING')) throw error;
  }
  if (leavesVersion) {
    const { bucket, key } = options.object;
    s3.notice(
      `the old version of s3://${bucket}/${key} remains (delete marker only): s3:DeleteObjectVersion denied`,
    );
  }
  return { leavesVersion };
}

async function removeObject(
  s3: S3,
  options: S3Options & {
    readonly object: Pick<StoredObject, 'bucket' | 'key' | 'etag' | 'versionId'>;
    readonly onVersionDenied: () => void;
  },
): Promise<void> {
  const { object } = options;
  const { versionId: VersionId } = object;
  const address = addressOf({ ...options, ...object });
  if (VersionId !== undefined) {
    try {
      await removeOnTerms(s3, [
        { ...address, VersionId },
        { ...address, VersionId, IfMatch: anyObject },
      ]);
      return;
    } catch (error) {
      if (!isAwsCallError(error, 'ACCESS_DENIED')) throw error;
      options.onVersionDenied();
    }
  }
  try {
    await removeOnTerms(s3, [
      { ...address, IfMatch: object.etag },
      { ...address, IfMatch: anyObject },
    ]);
  } catch (error) {
    if (httpStatusOf(error) === 404) return;
    if (awsCodeOf(error) !== 'NotImplemented') throw error;
    await s3.send(new DeleteObjectCommand(address));
  }
}

/** The condition that some object is there, which needs no permission to read it. */
const anyObject = '*';

/**
 * In the first of these ways that the policies allow: a bucket may let nothing be deleted without a condition, or with
 * this one alone. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html
 *
 * @throws the denial of the first way, where all are denied
 */
async function removeOnTerms(
  s3: S3,
  ways: readonly ConstructorParameters<typeof DeleteObjectCommand>[0][],
): Promise<void> {
  let denied: unknown;
  for (const way of ways) {
    try {
      await s3.send(new DeleteObjectCommand(way), { retry: way.IfMatch === undefined });
      return;
    } catch (error) {
      const isDenied = isAwsCallError(error, 'ACCESS_DENIED');
      if (!isDenied && (denied === undefined || isTransient(error))) throw error;
      denied ??= error;
      if (!isDenied) break;
    }
  }
  throw denied;
}
