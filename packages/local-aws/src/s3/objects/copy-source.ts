import type { Bucket } from '../buckets/bucket-table.ts';
import { openSourceBucket } from '../buckets/open-bucket.ts';
import { invalidArgument, s3Error } from '../errors.ts';
import type { S3Call } from '../s3-call.ts';
import { judgeRead } from './conditions.ts';
import { requireDecrypt } from './encryption.ts';
import { selectVersion } from './find-object.ts';
import { attributesOf, findParts, type ObjectRow, type PartRow } from './object-table.ts';

export interface CopySource {
  readonly bucket: Bucket;
  readonly object: ObjectRow;
  readonly parts: readonly PartRow[];
}

/** What `x-amz-copy-source` names, if its conditions hold. */
export function openCopySource(call: S3Call): CopySource {
  const source = parseCopySource(call.header('x-amz-copy-source') ?? '');
  const bucket = openSourceBucket(call, source.bucket);
  const object = selectVersion(call, source);
  const verdict = judgeRead(
    {
      ifMatch: call.header('x-amz-copy-source-if-match'),
      ifNoneMatch: call.header('x-amz-copy-source-if-none-match'),
      ifModifiedSince: call.header('x-amz-copy-source-if-modified-since'),
      ifUnmodifiedSince: call.header('x-amz-copy-source-if-unmodified-since'),
    },
    { etag: object.etag, modifiedAtMs: object.modified_at },
  );
  if (verdict.outcome !== 'proceed') {
    const condition = verdict.outcome === 'failed' ? verdict.condition : 'If-None-Match';
    throw s3Error('PreconditionFailed', { details: { Condition: `x-amz-copy-source-${condition}` } });
  }
  requireDecrypt(attributesOf(object).encryption, call);
  return { bucket, object, parts: findParts(call.store, object.id) };
}

/** `[/]bucket/key[?versionId=id]`, percent-encoded, by many clients the slash as well. */
export function parseCopySource(header: string): { bucket: string; key: string; versionId?: string } {
  const [encoded = '', version] = header.split('?versionId=');
  const path = decodeURIComponent(encoded).replace(/^\//, '');
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    throw invalidArgument(
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      'x-amz-copy-source',
      header,
    );
  }
  return {
    bucket: path.slice(0, slash),
    key: path.slice(slash + 1),
    ...(version !== undefined && { versionId: version }),
  };
}
