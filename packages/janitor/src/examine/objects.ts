import {
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type HeadObjectOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { awsErrorFacts, hasAwsCode } from '@ec2-image/aws-call';
import { tagRecord, tagsOfMetadata } from '@ec2-image/provenance';
import type { ObjectDetail, ObjectFact } from '../facts.ts';

/** What an object's metadata, tags and lock say. Undefined: it is gone. */
export async function lookAtObject({
  s3,
  object,
  account,
  now,
  signal,
}: {
  readonly s3: S3Client;
  readonly object: ObjectFact;
  readonly account: string;
  readonly now: number;
  readonly signal?: AbortSignal;
}): Promise<ObjectDetail> {
  const call = {
    Bucket: object.bucket,
    Key: object.key,
    VersionId: object.versionId,
    ExpectedBucketOwner: account,
  };
  try {
    const head = await s3.send(new HeadObjectCommand(call), { abortSignal: signal });
    // HeadObject counts the tags only for those who may read them, so their number is not asked for first.
    const { TagSet } = await s3.send(new GetObjectTaggingCommand(call), { abortSignal: signal });
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
  return (
    hasAwsCode(error, 'NoSuchKey', 'NoSuchVersion', 'NotFound') || awsErrorFacts(error)?.httpStatus === 404
  );
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
