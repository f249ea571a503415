import { openBucket } from '../buckets/open-bucket.ts';
import { invalidArgument, s3Error } from '../errors.ts';
import type { S3Call } from '../s3-call.ts';
import { httpDate } from '../times.ts';
import { findLatest, findVersion, type ObjectRow } from './object-table.ts';

/** The object that a call is about, the current version or the one it names; never a delete marker. */
export function openObject(call: S3Call): ObjectRow {
  const bucket = openBucket(call);
  return selectVersion(call, {
    bucket: bucket.name,
    key: call.key,
    versionId: call.query.get('versionId') ?? undefined,
  });
}

export function selectVersion(
  { store }: S3Call,
  { bucket, key, versionId }: { bucket: string; key: string; versionId?: string | undefined },
): ObjectRow {
  if (versionId === undefined) {
    const latest = findLatest(store, bucket, key);
    if (latest && !latest.delete_marker) return latest;
    throw s3Error('NoSuchKey', {
      details: { Key: key },
      ...(latest && { headers: markerHeaders(latest) }),
    });
  }
  const version = findVersion(store, { bucket, key, versionId: checkedVersionId(versionId) });
  if (!version) throw s3Error('NoSuchVersion', { details: { Key: key, VersionId: versionId } });
  if (version.delete_marker) {
    throw s3Error('MethodNotAllowed', {
      details: { ResourceType: 'DeleteMarker' },
      headers: { ...markerHeaders(version), allow: 'DELETE', 'last-modified': httpDate(version.modified_at) },
    });
  }
  return version;
}

/** Its own form, or `null`; S3 tells a malformed id from one that is not there. */
export function checkedVersionId(versionId: string): string {
  if (versionId === 'null' || /^[A-Za-z0-9_-]{32}$/.test(versionId)) return versionId;
  throw invalidArgument('Invalid version id specified', 'versionId', versionId);
}

function markerHeaders(marker: ObjectRow): Record<string, string> {
  return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.version_id };
}
