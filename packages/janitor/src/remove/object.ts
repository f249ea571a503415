import { DeleteObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { isAwsCallError, policies, retry } from '@ec2-image/aws-call';
import { isNotFound } from '../examine/objects.ts';
import type { ObjectFact } from '../facts.ts';
import { type Removal, type RemovalOptions, untilConfirmed } from './removal.ts';

/** With the version's id: without one a versioned bucket would hide the object behind a marker and go on charging for it. */
export async function removeObject(
  object: ObjectFact,
  { senders, account }: RemovalOptions,
): Promise<Removal> {
  const s3 = senders.s3(object.region);
  const address = {
    Bucket: object.bucket,
    Key: object.key,
    VersionId: object.versionId,
    ExpectedBucketOwner: account,
  };
  const remove = (IfMatch?: string) =>
    retry(s3, {
      policy: policies.remove,
      call: () => s3.send(new DeleteObjectCommand({ ...address, IfMatch })),
    });
  try {
    await remove().catch(async (denied: unknown) => {
      if (!isAwsCallError(denied, 'ACCESS_DENIED')) throw denied;
      // A bucket may let nothing be deleted without a condition: this one says that there is something.
      await remove('*').catch(() => {
        throw denied;
      });
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return untilConfirmed(s3, {
    what: 'the object to be gone',
    async read() {
      try {
        await s3.send(new HeadObjectCommand(address));
        return undefined;
      } catch (error) {
        if (isNotFound(error)) return { outcome: 'deleted' };
        throw error;
      }
    },
  });
}
