import {
  amiTags,
  bootTestToken,
  isOurs,
  objectKey,
  provenanceKeys,
  provenanceTags,
  snapshotOrigin,
  type Tags,
} from '@ec2-image/provenance';
import type {
  Details,
  Facts,
  ImageDetail,
  ImageFact,
  InstanceFact,
  ObjectFact,
  SnapshotDetail,
  SnapshotFact,
  TaskFact,
  UploadFact,
} from '../src/facts.ts';
import { defaultPolicy, type Policy } from '../src/policy.ts';

/** Facts made by hand, for tests of what is pure. Everything is of one account, bucket and image unless it says otherwise. */

export const region = 'eu-west-1';
export const bucket = 'imports';
export const prefix = 'ec2-image/';
export const digest = `sha256:${'0123456789ab'.padEnd(64, 'c')}` as const;
export const amiName = 'fedora-i43';
export const key = objectKey({ prefix, amiName, digest, format: 'vhdx' });

const hourMs = 3_600_000;
export const now = Date.UTC(2026, 10, 22, 12);
export const hoursAgo = (hours: number) => now - hours * hourMs;

export const ourTags = (extra: Tags = {}): Record<string, string> => ({
  ...provenanceTags({
    sourceUrl: 'https://example.org/fedora.qcow2',
    digest,
    diskFormat: 'vhdx',
    name: 'fedora',
    version: '0.1.0',
    startedAt: new Date(hoursAgo(100)),
  }),
  Name: amiName,
  ...extra,
});

export const ourImageTags = (name = amiName): Record<string, string> => ({
  ...ourTags(),
  ...amiTags({ amiName: name }),
});

export const instance = (fields: Partial<InstanceFact> = {}): InstanceFact => ({
  kind: 'instance',
  region,
  instanceId: 'i-0aaa',
  imageId: 'ami-0aaa',
  clientToken: bootTestToken({
    imageId: 'ami-0aaa',
    attempt: ourTags()[provenanceKeys.startedAt]!,
  }),
  state: 'running',
  startedAt: hoursAgo(100),
  tags: ourImageTags(),
  ...fields,
});

export const upload = (fields: Partial<UploadFact> = {}): UploadFact => ({
  kind: 'upload',
  region,
  bucket,
  key,
  uploadId: 'upload-1',
  initiatedAt: hoursAgo(100),
  ...fields,
});

export const object = (fields: Partial<ObjectFact> = {}): ObjectFact => ({
  kind: 'object',
  region,
  bucket,
  key,
  sizeBytes: 1_000_000,
  modifiedAt: hoursAgo(100),
  ...fields,
});

export const task = (fields: Partial<TaskFact> = {}): TaskFact => ({
  kind: 'task',
  region,
  taskId: 'import-snap-0aaa',
  state: 'completed',
  snapshotId: 'snap-0aaa',
  bucket,
  key,
  tags: ourTags(),
  ...fields,
});

export const snapshot = (fields: Partial<SnapshotFact> = {}): SnapshotFact => ({
  kind: 'snapshot',
  region,
  snapshotId: 'snap-0aaa',
  state: 'completed',
  startedAt: hoursAgo(100),
  sizeBytes: 4 * 1024 ** 3,
  // One with ec2-image's tags was imported, any other came from nowhere that is known.
  origin: isOurs(fields.tags ?? ourTags())
    ? imported(`import-${fields.snapshotId ?? 'snap-0aaa'}`)
    : snapshotOrigin({}),
  tags: ourTags(),
  ...fields,
});

export const imported = (taskId: string) => ({ kind: 'import', taskId }) as const;

export const image = (fields: Partial<ImageFact> = {}): ImageFact => ({
  kind: 'ami',
  region,
  imageId: 'ami-0aaa',
  name: amiName,
  state: 'available',
  architecture: 'x86_64',
  createdAt: hoursAgo(100),
  isPublic: false,
  snapshotIds: ['snap-0aaa'],
  tags: ourImageTags(),
  ...fields,
});

export const facts = (fields: Partial<Facts> = {}): Facts => ({
  account: '123456789012',
  takenAt: now,
  regions: [region],
  buckets: [{ bucket, region, versioning: 'Never' }],
  prefixes: [prefix],
  instances: [],
  uploads: [],
  objects: [],
  tasks: [],
  snapshots: [],
  images: [],
  details: details(),
  gaps: [],
  ...fields,
});

export const details = (fields: Partial<Details> = {}): Details => ({
  uploads: new Map(),
  objects: new Map(),
  snapshots: new Map(),
  images: new Map(),
  ...fields,
});

export const policy = (fields: Partial<Policy> = {}): Policy => ({ ...defaultPolicy, ...fields });

export const nothingAgainstImage = {
  references: [],
  sharedWith: [],
  launchPermissions: [],
} satisfies ImageDetail;
export const nothingAgainstSnapshot = {
  references: [],
  sharedWith: [],
  fastRestores: [],
} satisfies SnapshotDetail;
