import type { XmlElements } from '../../query/xml.ts';
import type { Store } from '../../store/store.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { invalidArgument } from '../errors.ts';
import { quoted } from '../objects/etag.ts';
import { checkedVersionId } from '../objects/find-object.ts';
import { attributesOf, findVersion, type ObjectRow } from '../objects/object-table.ts';
import { owner } from '../owner.ts';
import type { Operation, S3Call } from '../s3-call.ts';
import { isoSeconds } from '../times.ts';
import { xmlResponse } from '../xml.ts';
import { collect, type Place } from './collect.ts';
import { readEncoding } from './encoding.ts';
import { lastName, readSelection } from './list-objects.ts';

/** Of each key the newest first. */
export const listObjectVersions: Operation = (call) => {
  const bucket = openBucket(call);
  const { query, store } = call;
  const { encode, encodingType } = readEncoding(query);
  const { prefix, delimiter, asked, limit } = readSelection(call);
  const page = collect({
    prefix,
    delimiter,
    limit,
    after: readMarkers(call),
    fetch: fetcher(store, bucket.name),
    idOf: ({ id }) => id,
  });
  const next = page.truncated && page.last ? page.last : undefined;
  const render = (row: ObjectRow): XmlElements => ({
    Key: encode(row.key),
    VersionId: row.version_id,
    IsLatest: row.latest === 1,
    LastModified: isoSeconds(row.modified_at),
    ...(!row.delete_marker && {
      ETag: quoted(row.etag),
      ChecksumAlgorithm: row.checksum_algorithm ?? undefined,
      ChecksumType: row.checksum_type ?? undefined,
      Size: row.size,
      StorageClass: attributesOf(row).storageClass,
    }),
    Owner: owner(bucket.owner),
  });
  return xmlResponse('ListVersionsResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    KeyMarker: encode(query.get('key-marker') ?? ''),
    VersionIdMarker: query.get('version-id-marker') ?? '',
    NextKeyMarker: next && encode(lastName(page) ?? ''),
    NextVersionIdMarker: next && 'row' in next ? next.row.version_id : undefined,
    MaxKeys: asked,
    Delimiter: delimiter ? encode(delimiter) : undefined,
    EncodingType: encodingType,
    IsTruncated: page.truncated,
    Version: page.rows.filter(({ delete_marker }) => !delete_marker).map(render),
    DeleteMarker: page.rows.filter(({ delete_marker }) => delete_marker).map(render),
    CommonPrefixes: page.commonPrefixes.map((name) => ({ Prefix: encode(name) })),
  });
};

function readMarkers({ query, store, bucketName }: S3Call): Place<number> | undefined {
  const key = query.get('key-marker') ?? '';
  const versionId = query.get('version-id-marker') ?? '';
  if (versionId && !key) {
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      versionId,
    );
  }
  if (!key) return undefined;
  if (!versionId) return { after: key };
  const version = findVersion(store, { bucket: bucketName, key, versionId: checkedVersionId(versionId) });
  // Deleted since the page that ended on it: its key's other versions are told again rather than passed over.
  return version ? { after: key, id: version.id } : { at: key };
}

function fetcher(store: Store, bucket: string): (from: Place<number>, limit: number) => ObjectRow[] {
  const select = (condition: string) =>
    `SELECT * FROM s3_object WHERE bucket = ? AND ${condition} ORDER BY key, id DESC LIMIT ?`;
  return (from, limit) => {
    if ('at' in from) return store.all(select('key >= ?'), [bucket, from.at, limit]);
    const { after: key, id } = from;
    const rest =
      id === undefined ? [] : store.all<ObjectRow>(select('key = ? AND id < ?'), [bucket, key, id, limit]);
    if (rest.length === limit) return rest;
    return [...rest, ...store.all<ObjectRow>(select('key > ?'), [bucket, key, limit - rest.length])];
  };
}
