import { Readable } from 'node:stream';
import { checksumHeader } from '@ec2-image/checksum';
import type { ServiceResponse } from '../../service.ts';
import { findBucket } from '../buckets/bucket-table.ts';
import { readContent } from '../content.ts';
import { invalidRequest, s3Error } from '../errors.ts';
import type { Operation, S3Call } from '../s3-call.ts';
import { flipBit } from '../spoil.ts';
import { httpDate } from '../times.ts';
import { attributeHeaders } from './attributes.ts';
import { judgeRead } from './conditions.ts';
import { requireDecrypt } from './encryption.ts';
import { quoted } from './etag.ts';
import { openObject } from './find-object.ts';
import { attributesOf, findParts, type ObjectRow, type PartRow } from './object-table.ts';
import { versionHeader } from './put-object.ts';
import { parseRange, partRange } from './range.ts';

export const headObject: Operation = (call) => {
  const object = openObject(call);
  // "to retrieve the checksum" of an object with a KMS key: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
  if (call.header('x-amz-checksum-mode') !== undefined) requireDecrypt(attributesOf(object).encryption, call);
  return read(call, object).answer;
};

export const getObject: Operation = (call) => {
  const object = openObject(call);
  requireDecrypt(attributesOf(object).encryption, call);
  const { answer, parts, first, length } = read(call, object);
  if (answer.status === 304) return answer;
  const { storageClass } = attributesOf(object);
  if (storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE') {
    throw s3Error('InvalidObjectState', { details: { StorageClass: storageClass } });
  }
  const flip = call.fault('flip-bit');
  const content = readContent(call.store.blobs, { extents: parts, first, length });
  const body = flip
    ? Readable.from(
        flipBit(content, { offset: (flip.offset ?? Math.floor(object.size / 2)) - first, bit: flip.bit }),
        { objectMode: false },
      )
    : content;
  return { ...answer, body };
};

interface Reading {
  readonly answer: ServiceResponse;
  readonly parts: readonly PartRow[];
  readonly first: number;
  readonly length: number;
}

/** What both answer, but for the bytes: the conditions, the range or part, and every header. */
function read(call: S3Call, object: ObjectRow): Reading {
  const { store, query } = call;
  const verdict = judgeRead(
    {
      ifMatch: call.header('if-match'),
      ifNoneMatch: call.header('if-none-match'),
      ifModifiedSince: call.header('if-modified-since'),
      ifUnmodifiedSince: call.header('if-unmodified-since'),
    },
    { etag: object.etag, modifiedAtMs: object.modified_at },
  );
  if (verdict.outcome === 'failed') {
    throw s3Error('PreconditionFailed', { details: { Condition: verdict.condition } });
  }
  const parts = findParts(store, object.id);
  const validators = { etag: quoted(object.etag), 'last-modified': httpDate(object.modified_at) };
  const version = versionHeader(findBucket(store, object.bucket) ?? { versioning: null }, object.version_id);
  if (verdict.outcome === 'not-modified') {
    const answer = { status: 304, headers: { ...validators, ...version } };
    return { answer, parts, first: 0, length: 0 };
  }
  const { first, length, partial, partNumber } = selectBytes(call, { object, parts });
  const partCount = partNumber !== undefined && object.parts_count !== null;
  const headers = {
    ...attributeHeaders(attributesOf(object)),
    ...validators,
    'accept-ranges': 'bytes',
    'content-length': String(length),
    ...(partial && { 'content-range': `bytes ${first}-${first + length - 1}/${object.size}` }),
    ...(partCount && { 'x-amz-mp-parts-count': String(object.parts_count) }),
    ...checksumOfBytes(call, { object, parts, partNumber, whole: length === object.size }),
    ...version,
    ...overrides(query),
  };
  return { answer: { status: partial ? 206 : 200, headers }, parts, first, length };
}

interface SelectedBytes {
  readonly first: number;
  readonly length: number;
  readonly partial: boolean;
  readonly partNumber?: number;
}

function selectBytes(
  call: S3Call,
  { object, parts }: { object: ObjectRow; parts: readonly PartRow[] },
): SelectedBytes {
  const range = call.header('range');
  const asked = call.query.get('partNumber');
  if (asked !== null) {
    if (range !== undefined)
      throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
    const partNumber = Number(asked);
    const part = partRange(parts, partNumber);
    if (!part) {
      throw s3Error('InvalidPartNumber', {
        details: { PartNumberRequested: asked, ActualPartCount: parts.length },
      });
    }
    return { first: part.first, length: part.size, partial: part.size > 0, partNumber };
  }
  const selected = range === undefined ? undefined : parseRange(range, object.size);
  if (selected === 'unsatisfiable') {
    throw s3Error('InvalidRange', {
      details: { RangeRequested: range ?? '', ActualObjectSize: object.size },
      headers: { 'content-range': `bytes */${object.size}` },
    });
  }
  if (!selected) return { first: 0, length: object.size, partial: false };
  return { first: selected.first, length: selected.last - selected.first + 1, partial: true };
}

/** Only where asked for, and only of bytes that it is the checksum of: the whole, or one part. */
function checksumOfBytes(
  call: S3Call,
  {
    object,
    parts,
    partNumber,
    whole,
  }: { object: ObjectRow; parts: readonly PartRow[]; partNumber: number | undefined; whole: boolean },
): Record<string, string> {
  const { checksum_algorithm: algorithm, checksum_type: type, checksum } = object;
  if (call.header('x-amz-checksum-mode')?.toUpperCase() !== 'ENABLED' || !algorithm || !type) return {};
  const ofPart = parts.find((part) => part.part_number === partNumber)?.checksum;
  const value = partNumber !== undefined && object.parts_count !== null ? ofPart : whole ? checksum : null;
  return value ? { [checksumHeader(algorithm)]: value, 'x-amz-checksum-type': type } : {};
}

const overridable = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
];

function overrides(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    overridable.flatMap((name) => {
      const value = query.get(`response-${name}`);
      return value === null ? [] : [[name, value]];
    }),
  );
}
