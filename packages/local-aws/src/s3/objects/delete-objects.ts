import { checksumAlgorithms, checksumHeader } from '@ec2-image/checksum';
import type { XmlElements } from '../../query/xml.ts';
import { ServiceError } from '../../service.ts';
import { readXmlBody } from '../body/read-xml-body.ts';
import type { Bucket } from '../buckets/bucket-table.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { invalidRequest, s3Error } from '../errors.ts';
import type { Operation, S3Call } from '../s3-call.ts';
import { xmlResponse } from '../xml.ts';
import { authorizeKey } from './authorize.ts';
import { refuseWrite } from './conditions.ts';
import { checkedVersionId } from './find-object.ts';
import { findLatest, findVersion, insertDeleteMarker, removeVersion } from './object-table.ts';

export const deleteObject: Operation = async (call) => {
  const bucket = openBucket(call);
  const deleted = remove(call, {
    bucket,
    key: call.key,
    versionId: call.query.get('versionId') ?? undefined,
    ifMatch: call.header('if-match'),
  });
  call.store.blobs.purge();
  return {
    status: 204,
    headers: {
      ...(deleted.deleteMarker && { 'x-amz-delete-marker': 'true' }),
      ...(deleted.versionId !== undefined && { 'x-amz-version-id': deleted.versionId }),
    },
  };
};

const mostKeys = 1000;

export const deleteObjects: Operation = async (call) => {
  const bucket = openBucket(call);
  refuseUnchecked(call);
  const request = await readXmlBody(call, 'Delete');
  const objects = request.all('Object');
  if (objects.length < 1 || objects.length > mostKeys) throw s3Error('MalformedXML');
  const quiet = request.textOf('Quiet') === 'true';
  const deleted: XmlElements[] = [];
  const errors: XmlElements[] = [];
  for (const object of objects) {
    const key = object.textOf('Key');
    if (!key) throw s3Error('MalformedXML');
    const asked = { Key: key, VersionId: object.textOf('VersionId') };
    try {
      authorizeKey(call, key, asked.VersionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion');
      const done = remove(call, { bucket, key, versionId: asked.VersionId, ifMatch: object.textOf('ETag') });
      deleted.push({
        ...asked,
        DeleteMarker: done.deleteMarker || undefined,
        DeleteMarkerVersionId: done.deleteMarker ? done.versionId : undefined,
      });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      errors.push({ ...asked, Code: error.code, Message: error.message });
    }
  }
  call.store.blobs.purge();
  return xmlResponse('DeleteResult', { Deleted: quiet ? [] : deleted, Error: errors });
};

/** A list of what to delete must not come changed. */
function refuseUnchecked(call: S3Call): void {
  const headers = ['content-md5', 'x-amz-trailer', ...checksumAlgorithms.map(checksumHeader)];
  if (!headers.some((name) => call.header(name) !== undefined)) {
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
}

interface Removal {
  readonly bucket: Bucket;
  readonly key: string;
  readonly versionId: string | undefined;
  readonly ifMatch: string | undefined;
}

/** What is not there is deleted; with versioning a delete marker hides what is. */
function remove(
  { store, now }: S3Call,
  { bucket, key, versionId, ifMatch }: Removal,
): { deleteMarker: boolean; versionId?: string } {
  return store.transaction(() => {
    const named =
      versionId === undefined
        ? undefined
        : findVersion(store, { bucket: bucket.name, key, versionId: checkedVersionId(versionId) });
    if (ifMatch !== undefined) {
      // Of the current version, whichever is named: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
      const found = findLatest(store, bucket.name, key);
      const current = found && !found.delete_marker ? found : undefined;
      refuseWrite(
        { ifMatch },
        { key, current: current && { etag: current.etag, modifiedAtMs: current.modified_at } },
      );
    }
    if (versionId !== undefined) {
      if (named) removeVersion(store, named);
      return { deleteMarker: named?.delete_marker === 1, versionId };
    }
    if (bucket.versioning) {
      return { deleteMarker: true, ...insertDeleteMarker(store, bucket, { key, now: now() }) };
    }
    const current = findLatest(store, bucket.name, key);
    if (current) removeVersion(store, current);
    return { deleteMarker: false };
  });
}
