import { invalidArgument, notImplemented, s3Error } from '../errors.ts';
import type { S3Call } from '../s3-call.ts';
import { type Encryption, encryptionHeaders, readEncryption } from './encryption.ts';
import { parseTagHeader, type Tag } from './tags.ts';

/** What is kept of an object beside its content, as JSON. */
export interface ObjectAttributes {
  /** Content-Type and its kind, by header name. */
  readonly headers: Readonly<Record<string, string>>;
  /** By name without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
  readonly encryption: Encryption;
  readonly tags: readonly Tag[];
}

const keptHeaders = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const;

/** What S3 would do and the emulator does not: refused by name rather than left out in silence. */
const refusedHeaders = [
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write-acp',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-website-redirect-location',
  'x-amz-write-offset-bytes',
];

/** Read from the headers of PutObject, CreateMultipartUpload or CopyObject. */
export function readAttributes(call: S3Call): ObjectAttributes {
  for (const name of refusedHeaders) {
    if (call.header(name) !== undefined) throw notImplemented(`the header ${name}`);
  }
  refuseAcl(call.header('x-amz-acl'));
  return {
    headers: readKeptHeaders(call),
    metadata: readMetadata(call),
    storageClass: readStorageClass(call),
    encryption: readEncryption(call),
    tags: parseTagHeader(call.header('x-amz-tagging')),
  };
}

/** The lists that a bucket with ACLs disabled, as every new one is, lets through: those that leave all to its owner. */
const ownersOwn = new Set(['private', 'bucket-owner-read', 'bucket-owner-full-control']);

const cannedAcls = new Set([
  ...ownersOwn,
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
]);

function refuseAcl(acl: string | undefined): void {
  if (acl && !cannedAcls.has(acl)) throw invalidArgument('', 'x-amz-acl', acl);
  if (acl && !ownersOwn.has(acl)) throw s3Error('AccessControlListNotSupported');
}

function readKeptHeaders(call: S3Call): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = name === 'content-encoding' ? contentEncoding(call) : call.header(name);
    if (value) headers[name] = value;
  }
  headers['content-type'] ??= 'binary/octet-stream';
  return headers;
}

/** `aws-chunked` is of the request, not of the object. */
function contentEncoding(call: S3Call): string | undefined {
  return call
    .header('content-encoding')
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding && coding !== 'aws-chunked')
    .join(',');
}

const metadataPrefix = 'x-amz-meta-';
const mostMetadataBytes = 2048;

function readMetadata(call: S3Call): Record<string, string> {
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const header of Object.keys(call.request.headers)) {
    if (!header.startsWith(metadataPrefix)) continue;
    const name = header.slice(metadataPrefix.length);
    metadata[name] = call.header(header) ?? '';
    size += Buffer.byteLength(name) + Buffer.byteLength(metadata[name], 'latin1');
  }
  if (size > mostMetadataBytes) {
    throw s3Error('MetadataTooLarge', { details: { Size: size, MaxSizeAllowed: mostMetadataBytes } });
  }
  return metadata;
}

const storageClasses = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
]);

function readStorageClass(call: S3Call): string {
  const storageClass = call.header('x-amz-storage-class') ?? 'STANDARD';
  if (!storageClasses.has(storageClass)) {
    throw s3Error('InvalidStorageClass', { details: { StorageClassRequested: storageClass } });
  }
  return storageClass;
}

/** The headers of GetObject and HeadObject that the attributes make. */
export function attributeHeaders(attributes: ObjectAttributes): Record<string, string> {
  const { headers, metadata, storageClass, encryption, tags } = attributes;
  return {
    ...headers,
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [metadataPrefix + name, value])),
    ...(storageClass !== 'STANDARD' && { 'x-amz-storage-class': storageClass }),
    ...encryptionHeaders(encryption),
    ...(tags.length > 0 && { 'x-amz-tagging-count': String(tags.length) }),
  };
}
