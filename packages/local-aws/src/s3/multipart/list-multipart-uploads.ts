import type { Store } from '../../store/store.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { collect, type Place } from '../listing/collect.ts';
import { readEncoding } from '../listing/encoding.ts';
import { lastName, readSelection } from '../listing/list-objects.ts';
import { owner } from '../owner.ts';
import type { Operation } from '../s3-call.ts';
import { isoSeconds } from '../times.ts';
import { xmlResponse } from '../xml.ts';
import { type UploadRow, uploadAttributes } from './upload-table.ts';

/** By key, and of each key the oldest first. Without a key marker the other one means nothing. */
export const listMultipartUploads: Operation = (call) => {
  const bucket = openBucket(call);
  const { query, store } = call;
  const { encode, encodingType } = readEncoding(query);
  const { prefix, delimiter, asked, limit } = readSelection(call, 'max-uploads');
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = keyMarker ? (query.get('upload-id-marker') ?? '') : '';
  const page = collect({
    prefix,
    delimiter,
    limit,
    after: keyMarker ? { after: keyMarker, ...(idMarker && { id: idMarker }) } : undefined,
    fetch: fetcher(store, bucket.name),
    idOf: ({ id }) => id,
  });
  const next = page.truncated ? page.last : undefined;
  return xmlResponse('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: next && encode(lastName(page) ?? ''),
    NextUploadIdMarker: next && 'row' in next ? next.row.id : undefined,
    Prefix: encode(prefix),
    Delimiter: delimiter ? encode(delimiter) : undefined,
    EncodingType: encodingType,
    MaxUploads: asked,
    IsTruncated: page.truncated,
    Upload: page.rows.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      Initiator: owner(upload.initiator),
      Owner: owner(upload.initiator),
      StorageClass: uploadAttributes(upload).storageClass,
      Initiated: isoSeconds(upload.initiated_at),
      ChecksumAlgorithm: upload.checksum_algorithm ?? undefined,
      ChecksumType: upload.checksum_type ?? undefined,
    })),
    CommonPrefixes: page.commonPrefixes.map((name) => ({ Prefix: encode(name) })),
  });
};

function fetcher(store: Store, bucket: string): (from: Place<string>, limit: number) => UploadRow[] {
  const select = (condition: string) =>
    `SELECT * FROM s3_upload WHERE bucket = ? AND ${condition} ORDER BY key, id LIMIT ?`;
  return (from, limit) => {
    if ('at' in from) return store.all(select('key >= ?'), [bucket, from.at, limit]);
    if (from.id === undefined) return store.all(select('key > ?'), [bucket, from.after, limit]);
    return store.all(select('(key, id) > (?, ?)'), [bucket, from.after, from.id, limit]);
  };
}
