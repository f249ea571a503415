import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { httpStatusOf, isAboutCredentials } from '@ec2-image/aws-call';
import { type ChecksumAlgorithm, type ChecksumType, checksumAlgorithms } from '@ec2-image/checksum';
import type { Address, S3 } from '../call/s3.ts';

/** What S3 reports of an object. */
export interface ObjectFacts {
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
  readonly versionId?: string;
  readonly checksum?: ReportedChecksum;
  /** Whether the ETag is made of MD5s: not so under SSE-KMS and SSE-C. */
  readonly etagIsMd5: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ReportedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
  readonly type: ChecksumType;
}

/** Undefined where there is none. */
export async function describeObject(s3: S3, address: Address): Promise<ObjectFacts | undefined> {
  try {
    return factsOf(await s3.send(new HeadObjectCommand({ ...address, ChecksumMode: 'ENABLED' })));
  } catch (error) {
    if (httpStatusOf(error) === 404) return undefined;
    throw httpStatusOf(error) === 400 ? await whyRefused(s3, address, error) : error;
  }
}

/** An answer to HEAD has no body: whether the credentials have expired is told by a call with one, of the same permission. */
async function whyRefused(s3: S3, address: Address, refused: unknown): Promise<unknown> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ ...address, Range: 'bytes=0-0' }));
    await Body?.transformToByteArray();
  } catch (error) {
    s3.signal?.throwIfAborted();
    if (isAboutCredentials(error)) return error;
  }
  return refused;
}

function factsOf(head: HeadObjectCommandOutput): ObjectFacts {
  return {
    size: head.ContentLength ?? 0,
    etag: head.ETag ?? '',
    lastModified: head.LastModified ?? new Date(0),
    versionId: head.VersionId,
    checksum: reportedChecksum(head),
    etagIsMd5: isMd5Etag(head),
    metadata: head.Metadata ?? {},
  };
}

type Checksums = { readonly [A in ChecksumAlgorithm as `Checksum${A}`]?: string } & {
  readonly ChecksumType?: ChecksumType;
};

/** CRC32 first: it is what this package asks for. */
function reportedChecksum(answer: Checksums): ReportedChecksum | undefined {
  for (const algorithm of checksumAlgorithms) {
    const value = answer[`Checksum${algorithm}`];
    if (value) {
      const type = answer.ChecksumType ?? (value.includes('-') ? 'COMPOSITE' : 'FULL_OBJECT');
      return { algorithm, value, type };
    }
  }
  return undefined;
}

/** Under SSE-S3 or no encryption an ETag is the MD5 of the bytes, or made of the parts' MD5s (S3 API Reference, "Object"). */
export function isMd5Etag({
  ETag = '',
  ServerSideEncryption,
  SSECustomerAlgorithm,
}: {
  readonly ETag?: string;
  readonly ServerSideEncryption?: string;
  readonly SSECustomerAlgorithm?: string;
}): boolean {
  return (
    /^"?[0-9a-f]{32}(-\d+)?"?$/.test(ETag) &&
    (ServerSideEncryption === undefined || ServerSideEncryption === 'AES256') &&
    SSECustomerAlgorithm === undefined
  );
}
