import type { XmlElements } from '../../query/xml.ts';
import type { Store } from '../../store/store.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { quoted } from '../objects/etag.ts';
import { attributesOf, type ObjectRow } from '../objects/object-table.ts';
import { owner } from '../owner.ts';
import type { Operation, S3Call } from '../s3-call.ts';
import { isoSeconds } from '../times.ts';
import { xmlResponse } from '../xml.ts';
import { collect, type Page, type Place } from './collect.ts';
import { type EncodeName, readEncoding } from './encoding.ts';
import { askedSize, pageSize } from './page-size.ts';
import { decodeToken, encodeToken } from './token.ts';

export const listObjectsV2: Operation = (call) => {
  const bucket = openBucket(call);
  const { query, store } = call;
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after') || undefined;
  const after = decodeToken(token) ?? startAfter;
  const { encode, encodingType } = readEncoding(query);
  const { prefix, delimiter, asked, limit } = readSelection(call);
  const page = collect({
    prefix,
    delimiter,
    limit,
    after: placed(after),
    fetch: fetcher(store, bucket.name),
  });
  const owned = query.get('fetch-owner') === 'true' ? owner(bucket.owner) : undefined;
  const last = lastName(page);
  return xmlResponse('ListBucketResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    StartAfter: startAfter && encode(startAfter),
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.truncated && last !== undefined ? encodeToken(last) : undefined,
    KeyCount: page.rows.length + page.commonPrefixes.length,
    MaxKeys: asked,
    Delimiter: delimiter ? encode(delimiter) : undefined,
    EncodingType: encodingType,
    IsTruncated: page.truncated,
    Contents: page.rows.map((row) => ({ ...renderObject(row, encode), Owner: owned })),
    CommonPrefixes: page.commonPrefixes.map((name) => ({ Prefix: encode(name) })),
  });
};

/** The first version: markers are keys, and the next one is told only where the last entry doesn't tell it. */
export const listObjects: Operation = (call) => {
  const bucket = openBucket(call);
  const { query, store } = call;
  const marker = query.get('marker') ?? '';
  const { encode, encodingType } = readEncoding(query);
  const { prefix, delimiter, asked, limit } = readSelection(call);
  const page = collect({
    prefix,
    delimiter,
    limit,
    after: placed(marker || undefined),
    fetch: fetcher(store, bucket.name),
  });
  const last = lastName(page);
  return xmlResponse('ListBucketResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    Marker: encode(marker),
    NextMarker: page.truncated && delimiter && last !== undefined ? encode(last) : undefined,
    MaxKeys: asked,
    Delimiter: delimiter ? encode(delimiter) : undefined,
    EncodingType: encodingType,
    IsTruncated: page.truncated,
    Contents: page.rows.map((row) => ({ ...renderObject(row, encode), Owner: owner(bucket.owner) })),
    CommonPrefixes: page.commonPrefixes.map((name) => ({ Prefix: encode(name) })),
  });
};

/** `limit` is how many entries the page holds: what was asked for, or fewer. */
export function readSelection(call: S3Call, limitName = 'max-keys') {
  const { query } = call;
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    asked: askedSize(query, limitName),
    limit: pageSize(call, limitName),
  };
}

function placed(after: string | undefined): Place | undefined {
  return after === undefined ? undefined : { after };
}

function fetcher(store: Store, bucket: string): (from: Place, limit: number) => ObjectRow[] {
  const select = (comparison: '>' | '>=') =>
    `SELECT * FROM s3_object WHERE bucket = ? AND key ${comparison} ? AND latest = 1 AND delete_marker = 0
     ORDER BY key LIMIT ?`;
  return (from, limit) =>
    'at' in from
      ? store.all(select('>='), [bucket, from.at, limit])
      : store.all(select('>'), [bucket, from.after, limit]);
}

function renderObject(row: ObjectRow, encode: EncodeName): XmlElements {
  return {
    Key: encode(row.key),
    LastModified: isoSeconds(row.modified_at),
    ETag: quoted(row.etag),
    ChecksumAlgorithm: row.checksum_algorithm ?? undefined,
    ChecksumType: row.checksum_type ?? undefined,
    Size: row.size,
    StorageClass: attributesOf(row).storageClass,
  };
}

export function lastName(page: Page<{ readonly key: string }>): string | undefined {
  if (!page.last) return undefined;
  return 'row' in page.last ? page.last.row.key : page.last.commonPrefix;
}
