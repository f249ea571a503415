import { GetObjectTaggingCommand, HeadObjectCommand, type HeadObjectOutput } from '@aws-sdk/client-s3';
import { httpStatusOf } from '@ec2-image/aws-call';
import { tagRecord, tagsOfMetadata } from '@ec2-image/provenance';
import type { ObjectDetail, ObjectFact } from '../facts.ts';
import type { S3 } from '../senders.ts';

/** What an object's metadata, tags and lock say. Undefined: it is gone. */
export async function readObject({
  s3,
  object,
  account,
  now,
}: {
  readonly s3: S3;
  readonly object: ObjectFact;
  readonly account: string;
  readonly now: number;
}): Promise<ObjectDetail> {
  const call = {
    Bucket: object.bucket,
    Key: object.key,
    VersionId: object.versionId,
    ExpectedBucketOwner: account,
  };
  try {
    const head = await s3.send(new HeadObjectCommand(call));
    // HeadObject counts the tags only for those who may read them, so their number is not asked for first.
    const { TagSet } = await s3.send(new GetObjectTaggingCommand(call));
    return {
      provenance: tagsOfMetadata(head.Metadata ?? {}),
      tags: { ...tagRecord(TagSet), ...permanence(head.Metadata) },
      lock: lockOf(head, now),
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export function isNotFound(error: unknown): boolean {
  return httpStatusOf(error) === 404;
}

/** `permanent` may have been set where the uploader sets its marks, too. */
function permanence(metadata: Record<string, string> = {}): Record<string, string> {
  return metadata.permanent === undefined ? {} : { permanent: metadata.permanent };
}

function lockOf(head: HeadObjectOutput, now: number): string | undefined {
  if (head.ObjectLockLegalHoldStatus === 'ON') return 'legal hold';
  const until = head.ObjectLockRetainUntilDate;
  return head.ObjectLockMode && until && until.getTime() > now
    ? `${head.ObjectLockMode.toLowerCase()} until ${until.toISOString()}`
    : undefined;
}
