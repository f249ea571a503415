import type { XmlElements } from '../../query/xml.ts';
import type { FilterableFields } from '../filters.ts';
import type { Resource } from '../resources.ts';
import { tagSet } from '../tags/tag-answer.ts';

export interface SnapshotFacts {
  readonly ownerId: string;
  readonly description: string;
  readonly volumeSizeGiB: number;
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
  /** What becomes of it; `pending` until `settlesAt`. */
  readonly outcome: 'completed' | 'error';
  /** Milliseconds since the epoch; absent while nobody knows: an import runs, or blocks are still being put. */
  readonly settlesAt?: number;
  readonly statusMessage?: string;
  /** Of the blocks that hold data. */
  readonly fullSizeBytes?: number;
  /** Percent, while pending. */
  readonly progress?: number;
  /** `all` for public, or account ids. */
  readonly createVolumePermissions?: readonly string[];
  readonly storageTier?: 'standard' | 'archive';
  /** The last move between the tiers; `storageTier` is what was before it. */
  readonly tiering?: SnapshotTiering;
  readonly fastRestores?: readonly FastRestore[];
  readonly volumeId?: string;
  /** CopySnapshot or CopyImage made it. */
  readonly isCopy?: boolean;
  readonly lock?: SnapshotLock;
  /** Of one that EBS direct writes, or wrote. */
  readonly direct?: { readonly timeoutMs: number; readonly parentId?: string };
  /** A snapshot to which no block came for so long is given up. Milliseconds since the epoch. */
  readonly timesOutAt?: number;
}

export interface SnapshotTiering {
  readonly operation: 'archival' | 'temporary-restore' | 'permanent-restore';
  readonly startedAt: number;
  readonly endsAt: number;
  readonly restoreExpiresAt?: number;
}

/** Of one zone. */
export interface FastRestore {
  readonly zone: string;
  readonly startedAt: number;
  readonly stoppedAt?: number;
}

export interface SnapshotLock {
  readonly mode: 'compliance' | 'governance';
  readonly createdAt: number;
  /** Days. */
  readonly duration: number;
  readonly expiresAt: number;
  /** Compliance mode can be undone until then. */
  readonly coolOffExpiresAt?: number;
  readonly coolOffHours?: number;
}

export type Snapshot = Resource<SnapshotFacts>;
export type SnapshotState = 'pending' | 'completed' | 'error';

export function snapshotState({ settlesAt, outcome, timesOutAt }: SnapshotFacts, now: number): SnapshotState {
  if (settlesAt !== undefined) return settlesAt <= now ? outcome : 'pending';
  return timesOutAt !== undefined && timesOutAt <= now ? 'error' : 'pending';
}

/** A temporary restore leaves the snapshot in the archive tier. */
export function storageTierOf(
  { storageTier = 'standard', tiering }: SnapshotFacts,
  now: number,
): 'standard' | 'archive' {
  if (!tiering || tiering.endsAt > now) return storageTier;
  return tiering.operation === 'permanent-restore' ? 'standard' : 'archive';
}

function progressOf(facts: SnapshotFacts, now: number): string {
  return `${snapshotState(facts, now) === 'completed' ? 100 : (facts.progress ?? 0)}%`;
}

/** EC2 gives a snapshot that was made from no volume this one. */
export const noVolume = 'vol-ffffffff';

export function describedSnapshot({ id, createdAt, facts, tags }: Snapshot, now: number): XmlElements {
  const state = snapshotState(facts, now);
  return {
    snapshotId: id,
    volumeId: facts.volumeId ?? noVolume,
    status: state,
    statusMessage: state === 'error' ? facts.statusMessage : undefined,
    startTime: new Date(createdAt),
    progress: progressOf(facts, now),
    ownerId: facts.ownerId,
    volumeSize: facts.volumeSizeGiB,
    description: facts.description,
    tagSet: tagSet(tags),
    encrypted: facts.encrypted,
    kmsKeyId: facts.kmsKeyId,
    storageTier: storageTierOf(facts, now),
    transferType: 'standard',
    completionTime: state === 'completed' ? new Date(facts.settlesAt!) : undefined,
    fullSnapshotSizeInBytes: state === 'completed' ? facts.fullSizeBytes : undefined,
  };
}

export function snapshotFilters(now: number): FilterableFields<Snapshot> {
  return {
    description: ({ facts }) => facts.description,
    encrypted: ({ facts }) => facts.encrypted,
    'owner-alias': () => undefined,
    'owner-id': ({ facts }) => facts.ownerId,
    progress: ({ facts }) => progressOf(facts, now),
    'snapshot-id': ({ id }) => id,
    'start-time': ({ createdAt }) => new Date(createdAt).toISOString(),
    status: ({ facts }) => snapshotState(facts, now),
    'storage-tier': ({ facts }) => storageTierOf(facts, now),
    'transfer-type': () => 'standard',
    'volume-id': ({ facts }) => facts.volumeId ?? noVolume,
    'volume-size': ({ facts }) => facts.volumeSizeGiB,
  };
}
