import { createHash } from 'node:crypto';
import { openStore, type Store } from '../store/store.ts';
import { type Bucket, findBucket, insertBucket } from './buckets/bucket-table.ts';
import { createUploadId, insertUpload, putPart } from './multipart/upload-table.ts';
import type { ObjectAttributes } from './objects/attributes.ts';
import { insertObject } from './objects/object-table.ts';
import { createTables } from './schema.ts';

/** An object without bytes: it can be listed, headed, tagged and deleted, not read. */
export interface SeedObject {
  readonly key: string;
  /** Default 0. */
  readonly sizeBytes?: number;
  /** Milliseconds since 1970; default now. */
  readonly modifiedAt?: number;
  /** By name without `x-amz-meta-`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An incomplete upload, with parts without bytes. */
export interface SeedUpload {
  readonly key: string;
  /** Milliseconds since 1970; default now. */
  readonly initiatedAt?: number;
  readonly parts?: readonly { readonly sizeBytes: number; readonly modifiedAt?: number }[];
}

export interface SeedS3Options {
  /** An emulator's; it need not run, and may. */
  readonly directory: string;
  /** Made if it is missing. */
  readonly bucket: string;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  readonly objects?: Iterable<SeedObject>;
  readonly uploads?: Iterable<SeedUpload>;
}

const rowsPerTransaction = 10_000;

/** Puts objects into a bucket without calling for each of them: fifty thousand take seconds. */
export function seedS3({
  directory,
  bucket: name,
  accountId = '123456789012',
  region = 'us-east-1',
  objects = [],
  uploads = [],
}: SeedS3Options): void {
  const store = openStore({ directory });
  try {
    createTables(store);
    insertBucket(store, { name, region, owner: accountId, created_at: Date.now() });
    const bucket = findBucket(store, name)!;
    inBatches(store, objects, (object) => addObject(store, bucket, object));
    inBatches(store, uploads, (upload) => addUpload(store, bucket, upload));
  } finally {
    store.close();
  }
}

function inBatches<Item>(store: Store, items: Iterable<Item>, add: (item: Item) => void): void {
  const rest = items[Symbol.iterator]();
  for (let next = rest.next(); !next.done; ) {
    store.transaction(() => {
      for (let count = 0; count < rowsPerTransaction && !next.done; count += 1, next = rest.next()) {
        add(next.value);
      }
    });
  }
}

function addObject(store: Store, bucket: Bucket, object: SeedObject): void {
  const { key, sizeBytes: size = 0, modifiedAt = Date.now(), metadata = {} } = object;
  insertObject(store, bucket, {
    key,
    size,
    etag: fingerprint(key),
    parts_count: null,
    checksum_algorithm: null,
    checksum_type: null,
    checksum: null,
    modified_at: modifiedAt,
    attributes: { ...attributes, metadata },
    parts: [],
  });
}

function addUpload(store: Store, bucket: Bucket, { key, initiatedAt = Date.now(), parts = [] }: SeedUpload) {
  const id = createUploadId(initiatedAt);
  insertUpload(store, {
    id,
    bucket: bucket.name,
    key,
    initiator: bucket.owner,
    initiated_at: initiatedAt,
    checksum_algorithm: null,
    checksum_type: null,
    attributes: JSON.stringify(attributes),
    encryption_headers: '{}',
  });
  parts.forEach(({ sizeBytes, modifiedAt = initiatedAt }, index) => {
    putPart(store, {
      upload_id: id,
      part_number: index + 1,
      blob: null,
      size: sizeBytes,
      etag: fingerprint(`${key} ${index}`),
      checksum: null,
      modified_at: modifiedAt,
    });
  });
}

const attributes: ObjectAttributes = {
  headers: { 'content-type': 'binary/octet-stream' },
  metadata: {},
  storageClass: 'STANDARD',
  encryption: { algorithm: 'AES256' },
  tags: [],
};

/** In the form of an ETag, of bytes that were never there. */
function fingerprint(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
