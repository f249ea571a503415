import { DeleteObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { isNotFound } from '../examine/objects.ts';
import type { ObjectFact } from '../facts.ts';
import { untilConfirmed, waitFor } from '../wait.ts';
import type { Removal, RemovalOptions } from './removal.ts';

/** With the version's id: without one a versioned bucket would hide the object behind a marker and go on charging for it. */
export async function removeObject(
  object: ObjectFact,
  { clients, account, ...waiting }: RemovalOptions,
): Promise<Removal> {
  const s3 = clients.s3(object.region);
  const call = {
    Bucket: object.bucket,
    Key: object.key,
    VersionId: object.versionId,
    ExpectedBucketOwner: account,
  };
  await s3.send(new DeleteObjectCommand(call), { abortSignal: waiting.signal }).catch((error) => {
    if (!isNotFound(error)) throw error;
  });
  return waitFor(
    async (): Promise<Removal | undefined> => {
      try {
        await s3.send(new HeadObjectCommand(call), { abortSignal: waiting.signal });
        return undefined;
      } catch (error) {
        if (isNotFound(error)) return { outcome: 'deleted' };
        throw error;
      }
    },
    { ...untilConfirmed, ...waiting, what: 'the object to be gone' },
  );
}
