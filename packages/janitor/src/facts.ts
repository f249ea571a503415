import type { SnapshotOrigin, Tags } from '@ec2-image/provenance';

/**
 * What a scan saw of an account: plain data, small enough that a hundred thousand of each fit in memory.
 * Times are milliseconds since the epoch; undefined where the service gave none.
 */
export interface Facts {
  readonly account: string;
  /** When the scan began: ages are counted to here, so that a slow scan makes nothing look older. */
  readonly takenAt: number;
  readonly regions: readonly string[];
  readonly buckets: readonly BucketFact[];
  readonly prefixes: readonly string[];
  readonly instances: readonly InstanceFact[];
  readonly uploads: readonly UploadFact[];
  readonly objects: readonly ObjectFact[];
  readonly tasks: readonly TaskFact[];
  readonly snapshots: readonly SnapshotFact[];
  readonly images: readonly ImageFact[];
  /** What was examined, by the resource's reference. */
  readonly details: Details;
  /** What could not be read. */
  readonly gaps: readonly Gap[];
}

export interface BucketFact {
  readonly bucket: string;
  readonly region: string;
  /** `Suspended` keeps the versions it has. */
  readonly versioning: 'Enabled' | 'Suspended' | 'Never';
}

/** An incomplete multipart upload whose key matches ec2-image's pattern. */
export interface UploadFact {
  readonly kind: 'upload';
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedAt?: number;
}

/** An object, or one version of it, whose key matches ec2-image's pattern. */
export interface ObjectFact {
  readonly kind: 'object';
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  /** Present where the bucket is or was versioned. */
  readonly versionId?: string;
  readonly sizeBytes: number;
  readonly modifiedAt?: number;
}

export interface TaskFact {
  readonly kind: 'task';
  readonly region: string;
  readonly taskId: string;
  /** A free string: see {@link taskPhase}. */
  readonly state: string;
  /** Of a running one, as far as EC2 tells. */
  readonly percent?: number;
  readonly snapshotId?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly tags: Tags;
}

export interface SnapshotFact {
  readonly kind: 'snapshot';
  readonly region: string;
  readonly snapshotId: string;
  readonly state: string;
  readonly startedAt?: number;
  /** Of the volume it restores to: an upper bound for what deleting it gives back. */
  readonly sizeBytes: number;
  /** `archive`: somebody moved it there. Undefined: `standard`. */
  readonly tier?: string;
  /** As its description and its volume tell. AWS writes the description of an import, but so can anybody. */
  readonly origin: SnapshotOrigin;
  readonly tags: Tags;
}

export interface ImageFact {
  readonly kind: 'ami';
  readonly region: string;
  readonly imageId: string;
  readonly name: string;
  readonly state: string;
  readonly architecture?: string;
  readonly createdAt?: number;
  /** From then on EC2 shows it as deprecated. Undefined where nobody has said so. */
  readonly deprecatesAt?: number;
  /** AWS reports a launch up to 24 hours late. */
  readonly lastLaunchedAt?: number;
  readonly isPublic: boolean;
  /** As AWS says it, such as `enabled-with-cooldown`; undefined where deregistration is free. */
  readonly protection?: string;
  readonly snapshotIds: readonly string[];
  /** Why it was not registered by ec2-image, as a predicate: "is a copy of ami-…". */
  readonly foreignOrigin?: string;
  readonly tags: Tags;
}

/** An instance that has not ended and may test whether its AMI boots: its token tells. */
export interface InstanceFact {
  readonly kind: 'instance';
  readonly region: string;
  readonly instanceId: string;
  readonly imageId: string;
  readonly clientToken?: string;
  readonly state: string;
  /** Its last start. */
  readonly startedAt?: number;
  readonly tags: Tags;
}

export type ResourceFact = InstanceFact | UploadFact | ObjectFact | TaskFact | SnapshotFact | ImageFact;
export type Kind = ResourceFact['kind'];

/** The examination of one resource, or why there was none. */
export type Examined<T> = { readonly seen: T } | { readonly unseen: string };

export interface Details {
  readonly uploads: ReadonlyMap<string, Examined<UploadDetail>>;
  readonly objects: ReadonlyMap<string, Examined<ObjectDetail>>;
  readonly snapshots: ReadonlyMap<string, Examined<SnapshotDetail>>;
  readonly images: ReadonlyMap<string, Examined<ImageDetail>>;
}

/** Undefined details say that the resource is gone. */
export type UploadDetail = { readonly sizeBytes: number; readonly newestPartAt?: number } | undefined;

export type ObjectDetail =
  | {
      /** From the metadata: provenance under its tag names. */
      readonly provenance: Tags;
      readonly tags: Tags;
      /** What S3 Object Lock says, in words; undefined where it is free. */
      readonly lock?: string;
    }
  | undefined;

export type SnapshotDetail =
  | {
      /** What names it in block devices, as the report shows it. */
      readonly references: readonly string[];
      /** Where fast snapshot restore is enabled: availability zones. */
      readonly fastRestores: readonly string[];
      /** Its last move between the storage tiers, in AWS's words, where there was one. */
      readonly tiering?: string;
      /** Account ids, or `all`. */
      readonly sharedWith: readonly string[];
      /** The lock's state, in words; undefined where it is free. */
      readonly lock?: string;
    }
  | undefined;

export type ImageDetail =
  | {
      /** What refers to it: ARNs, or what it is and its name. */
      readonly references: readonly string[];
      /** Account ids but the own one, ARNs of organisations and their units, or `all`. */
      readonly sharedWith: readonly string[];
      /** The same, and the own account where it is among them. */
      readonly launchPermissions: readonly string[];
      readonly lastLaunchedAt?: number;
    }
  | undefined;

/** A list or a check that failed: whatever depends on it is kept, and the exit code is 4. */
export interface Gap {
  readonly what:
    | 'bucket'
    | 'uploads'
    | 'objects'
    | 'tasks'
    | 'snapshots'
    | 'images'
    | 'instances'
    | 'references'
    | 'permissions'
    | 'parts'
    | 'metadata';
  /** Undefined for a bucket whose region could not be learnt. */
  readonly region?: string;
  readonly bucket?: string;
  /** The one resource concerned, where it is one. */
  readonly ref?: string;
  /** The service's own words. */
  readonly detail: string;
}

/** One name for each resource in the account: what plans, details and outcomes refer to. */
export function refOf(resource: ResourceFact): string {
  switch (resource.kind) {
    case 'upload':
      return `s3://${resource.bucket}/${resource.key}?uploadId=${resource.uploadId}`;
    case 'object':
      return `s3://${resource.bucket}/${resource.key}${resource.versionId === undefined ? '' : `?versionId=${resource.versionId}`}`;
    default:
      return inRegion(resource, idOf(resource));
  }
}

/** EC2's ids are unique within a region. */
export function inRegion({ region }: { readonly region: string }, id: string): string {
  return `${region}/${id}`;
}

/** The import task that a snapshot's description names. */
export function describedTaskOf({ origin }: Pick<SnapshotFact, 'origin'>): string | undefined {
  return origin.kind === 'import' ? origin.taskId : undefined;
}

export function idOf(resource: ResourceFact): string {
  switch (resource.kind) {
    case 'upload':
      return resource.uploadId;
    case 'object':
      return resource.key;
    case 'task':
      return resource.taskId;
    case 'snapshot':
      return resource.snapshotId;
    case 'ami':
      return resource.imageId;
    case 'instance':
      return resource.instanceId;
  }
}

const phases: ReadonlyMap<string, TaskPhase> = new Map([
  // Those between are documented of imports of images, which are tasks of the same service:
  // https://docs.aws.amazon.com/vm-import/latest/userguide/vmimport-image-import.html#check-import-task-status
  ...['pending', 'active', 'validating', 'validated', 'converting', 'updating'].map(
    (state) => [state, 'running'] as const,
  ),
  ...['deleting', 'cancelling'].map((state) => [state, 'ending'] as const),
  ...['completed', 'deleted', 'cancelled', 'error'].map((state) => [state, 'ended'] as const),
]);

export type TaskPhase = 'running' | 'ending' | 'ended' | 'unknown';

/** What an import task's state means. AWS's list of them is open. */
export function taskPhase({ state }: Pick<TaskFact, 'state'>): TaskPhase {
  return phases.get(state) ?? 'unknown';
}
