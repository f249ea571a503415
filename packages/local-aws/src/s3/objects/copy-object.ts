import { parseAlgorithm } from '../body/checksum-headers.ts';
import type { StoredBody } from '../body/store-body.ts';
import { storeBytes } from '../body/store-bytes.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { readContent } from '../content.ts';
import { errorWithin200, takeErrorWithin200 } from '../error-within-200.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import type { Operation, S3Call } from '../s3-call.ts';
import { spoilBody } from '../spoil.ts';
import { isoSeconds } from '../times.ts';
import { xmlResponse } from '../xml.ts';
import { type ObjectAttributes, readAttributes } from './attributes.ts';
import { readWriteConditions } from './conditions.ts';
import { type CopySource, openCopySource } from './copy-source.ts';
import { encryptionHeaders } from './encryption.ts';
import { etagOf, quoted } from './etag.ts';
import { refuseLongKey } from './key.ts';
import { attributesOf } from './object-table.ts';
import { keepObject, versionHeader } from './put-object.ts';

/** The copy is one object of one part, whatever its source came in. */
export const copyObject: Operation = async (call) => {
  const bucket = openBucket(call);
  refuseLongKey(call.key);
  const conditions = readWriteConditions(call.header);
  const source = openCopySource(call);
  const attributes = copiedAttributes(call, source);
  const failure = takeErrorWithin200(call);
  if (failure?.when === 'before') return errorWithin200(call, failure);

  const { kept, answered } = await spoilBody(call, await copyBytes(call, source));
  const etag = etagOf(kept.md5, attributes.encryption);
  const { versionId, modifiedAt } = await keepObject(call, {
    bucket,
    conditions,
    attributes,
    body: kept,
    etag,
  });
  if (failure) return errorWithin200(call, failure);
  const { checksum } = answered;
  return xmlResponse(
    'CopyObjectResult',
    {
      LastModified: isoSeconds(modifiedAt),
      ETag: quoted(attributes.encryption.algorithm === 'AES256' ? answered.md5 : etag),
      ...(checksum && {
        [`Checksum${checksum.algorithm}`]: checksum.value,
        ChecksumType: 'FULL_OBJECT',
      }),
    },
    {
      ...encryptionHeaders(attributes.encryption),
      ...versionHeader(bucket, versionId),
      ...(source.bucket.versioning && { 'x-amz-copy-source-version-id': source.object.version_id }),
    },
  );
};

/** Metadata and tags are the source's unless the request replaces them; storage class and encryption are never copied. */
function copiedAttributes(call: S3Call, { bucket, object }: CopySource): ObjectAttributes {
  const given = readAttributes(call);
  const replacesMetadata = directive(call, 'x-amz-metadata-directive') === 'REPLACE';
  const replacesTags = directive(call, 'x-amz-tagging-directive') === 'REPLACE';
  const changesNothing =
    !replacesMetadata &&
    call.header('x-amz-storage-class') === undefined &&
    call.header('x-amz-server-side-encryption') === undefined &&
    call.header('x-amz-checksum-algorithm') === undefined;
  if (bucket.name === call.bucketName && object.key === call.key && object.latest && changesNothing) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const old = attributesOf(object);
  return {
    headers: replacesMetadata ? given.headers : old.headers,
    metadata: replacesMetadata ? given.metadata : old.metadata,
    storageClass: given.storageClass,
    encryption: given.encryption,
    tags: replacesTags ? given.tags : old.tags,
  };
}

function directive(call: S3Call, name: string): 'COPY' | 'REPLACE' {
  const value = call.header(name) ?? 'COPY';
  if (value === 'COPY' || value === 'REPLACE') return value;
  throw invalidArgument(`Unknown ${name.replace(/^x-amz-/, '')}.`, name, value);
}

function copyBytes(call: S3Call, { object, parts }: CopySource): Promise<StoredBody> {
  const asked = call.header('x-amz-checksum-algorithm');
  return storeBytes(call.store.blobs, {
    source: readContent(call.store.blobs, { extents: parts, first: 0, length: object.size }),
    algorithm: asked === undefined ? (object.checksum_algorithm ?? 'CRC64NVME') : parseAlgorithm(asked),
  });
}
