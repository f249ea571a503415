import type { XmlElements } from '../../query/xml.ts';
import type { FilterableFields } from '../filters.ts';
import type { Resource } from '../resources.ts';
import { tagSet } from '../tags/tag-answer.ts';

export type DiskFormat = 'RAW' | 'VHD' | 'VHDX' | 'VMDK';

export interface ImportTaskFacts {
  readonly description?: string;
  readonly containerDescription?: string;
  readonly format?: DiskFormat;
  readonly bucket: string;
  readonly key: string;
  /** Where the disk was named by URL and not as bucket and key. */
  readonly url?: string;
  readonly roleName: string;
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
  readonly status: string;
  readonly statusMessage?: string;
  /** Percent; absent once the task has ended. */
  readonly progress?: number;
  /** Of the object; 0 until it has been inspected. */
  readonly diskImageSizeBytes: number;
  /** The snapshot it makes, while the task has not ended: nobody is shown it here. */
  readonly pendingSnapshotId?: string;
  readonly snapshotId?: string;
  /** Milliseconds since the epoch. */
  readonly endedAt?: number;
  /** Faults that strike it. */
  readonly fails?: { readonly statusMessage: string; readonly status: string };
  readonly stallsAt?: number;
  readonly completesWhileCancelling?: boolean;
  /** Its object need not be there: it was put down active, and does nothing before it is cancelled. */
  readonly seeded?: boolean;
  readonly unseenMs: number;
}

export type ImportTask = Resource<ImportTaskFacts>;

/** EC2 forgets ended tasks after about that long. */
const keptMs = 7 * 24 * 60 * 60 * 1000;

export function isListed({ facts }: ImportTask, now: number): boolean {
  return facts.endedAt === undefined || facts.endedAt > now - keptMs;
}

export function describedTask({ id, facts, tags }: ImportTask): XmlElements {
  return {
    importTaskId: id,
    description: facts.description,
    snapshotTaskDetail: taskDetail(facts),
    // Here, unlike on other resources, the list is there even where it is empty.
    tagSet: tagSet(tags) ?? {},
  };
}

/** While the task is active its snapshot id is there and empty; its size is in bytes, whatever the API's page says. */
function taskDetail(facts: ImportTaskFacts): XmlElements {
  const ended = facts.endedAt !== undefined;
  return {
    description: facts.containerDescription,
    diskImageSize: `${facts.diskImageSizeBytes}.0`,
    encrypted: facts.encrypted || undefined,
    kmsKeyId: facts.kmsKeyId,
    format: facts.format,
    progress: ended ? undefined : facts.progress,
    snapshotId: ended ? facts.snapshotId : '',
    status: facts.status,
    statusMessage: facts.statusMessage,
    url: facts.url,
    userBucket: facts.url === undefined ? { s3Bucket: facts.bucket, s3Key: facts.key } : undefined,
  };
}

export const taskFilters: FilterableFields<ImportTask> = {
  description: ({ facts }) => facts.description,
  'import-task-id': ({ id }) => id,
  'snapshot-id': ({ facts }) => facts.snapshotId,
  'task-state': ({ facts }) => facts.status,
  status: ({ facts }) => facts.status,
};
