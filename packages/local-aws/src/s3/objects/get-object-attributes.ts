import type { XmlElements } from '../../query/xml.ts';
import { findBucket } from '../buckets/bucket-table.ts';
import { invalidArgument } from '../errors.ts';
import type { Operation, S3Call } from '../s3-call.ts';
import { httpDate } from '../times.ts';
import { xmlResponse } from '../xml.ts';
import { openObject } from './find-object.ts';
import { attributesOf, findParts, type ObjectRow } from './object-table.ts';
import { versionHeader } from './put-object.ts';

const known = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const;

/** Unlike everywhere else the ETag has no quotes here, and a composite checksum no number of parts behind it. */
export const getObjectAttributes: Operation = (call) => {
  const object = openObject(call);
  const asked = readAsked(call);
  const { checksum_algorithm: algorithm, checksum_type: type, checksum } = object;
  return xmlResponse(
    'GetObjectAttributesResponse',
    {
      ETag: asked.has('ETag') ? object.etag : undefined,
      Checksum:
        asked.has('Checksum') && algorithm && type && checksum
          ? { [`Checksum${algorithm}`]: checksum.replace(/-\d+$/, ''), ChecksumType: type }
          : undefined,
      ObjectParts: asked.has('ObjectParts') ? objectParts(call, object) : undefined,
      StorageClass: asked.has('StorageClass') ? attributesOf(object).storageClass : undefined,
      ObjectSize: asked.has('ObjectSize') ? object.size : undefined,
    },
    {
      'last-modified': httpDate(object.modified_at),
      ...versionHeader(findBucket(call.store, object.bucket) ?? { versioning: null }, object.version_id),
    },
  );
};

function readAsked(call: S3Call): ReadonlySet<string> {
  const header = call.header('x-amz-object-attributes') ?? '';
  const asked = header
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (asked.length === 0 || asked.some((name) => !(known as readonly string[]).includes(name))) {
    throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', header);
  }
  return new Set(asked);
}

/** Of an object that came in parts; one by one only where the upload kept a checksum of each. */
function objectParts(call: S3Call, object: ObjectRow): XmlElements | undefined {
  if (object.parts_count === null) return undefined;
  const parts = findParts(call.store, object.id);
  if (parts.some(({ checksum }) => checksum === null)) return { PartsCount: object.parts_count };
  const marker = count(call, 'x-amz-part-number-marker', 0);
  const most = Math.min(count(call, 'x-amz-max-parts', 1000), 1000);
  const rest = parts.filter(({ part_number }) => part_number > marker);
  const page = rest.slice(0, most);
  return {
    PartsCount: object.parts_count,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.part_number ?? marker,
    MaxParts: most,
    IsTruncated: rest.length > page.length,
    Part: page.map(({ part_number, size, checksum }) => ({
      PartNumber: part_number,
      Size: size,
      [`Checksum${object.checksum_algorithm}`]: checksum ?? undefined,
    })),
  };
}

function count(call: S3Call, name: string, usual: number): number {
  const text = call.header(name);
  if (text === undefined) return usual;
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument(`Provided ${name} not an integer`, name, text);
  return Number(text);
}
