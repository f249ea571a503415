import { randomUUID } from 'node:crypto';
import { managedKey } from '../kms/keys.ts';
import { openStore, type Store } from '../store/store.ts';
import type { FleetFacts } from './fleets/fleets.ts';
import { linkSnapshots } from './image-snapshots.ts';
import type { ImageFacts } from './images/image.ts';
import type { ImportTaskFacts } from './import/import-task.ts';
import { enqueue } from './import/task-queue.ts';
import { insertRule } from './recycle-bin.ts';
import { openResources, type Resources, type Tag } from './resources.ts';
import type { SnapshotFacts } from './snapshots/snapshot.ts';
import { createEc2Tables } from './tables.ts';

interface Seed {
  /** Default: a new one. */
  readonly id?: string;
  /** Milliseconds since 1970; default now. */
  readonly createdAt?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A snapshot without bytes: it can be described, tagged and deleted, not read. */
export interface SeedSnapshot extends Seed {
  readonly description?: string;
  /** Default 8. */
  readonly volumeSizeGiB?: number;
  readonly fullSizeBytes?: number;
  /** By AWS's own key, unless `kmsKeyId` names another. */
  readonly encrypted?: boolean;
  /** An ARN. */
  readonly kmsKeyId?: string;
  /** Default `completed`. */
  readonly state?: 'pending' | 'completed' | 'error';
  /** Account ids, or `all`. */
  readonly createVolumePermissions?: readonly string[];
  /** Default `vol-ffffffff`: it was made from no volume, as an import, EBS direct and CopySnapshot make it. */
  readonly volumeId?: string;
}

export interface SeedImage extends Seed {
  readonly name: string;
  /** The first is the root device's. */
  readonly snapshotIds: readonly string[];
  readonly description?: string;
  /** Default 8. */
  readonly volumeSizeGiB?: number;
  /** Default `x86_64`. */
  readonly architecture?: string;
  /** Default `available`. */
  readonly state?: 'pending' | 'available' | 'failed' | 'disabled';
  readonly lastLaunchedAt?: number;
  /** Of an AMI that CopyImage or CreateImage made. */
  readonly sourceImageId?: string;
  readonly sourceImageRegion?: string;
  /** Of an AMI that CreateImage made. */
  readonly sourceInstanceId?: string;
}

export interface SeedImportTask extends Seed {
  readonly bucket: string;
  readonly key: string;
  /** Default `completed`. One that is still `active` stays so at 19 %, until it is cancelled. */
  readonly status?: 'active' | 'completed' | 'deleted' | 'cancelled';
  readonly statusMessage?: string;
  readonly snapshotId?: string;
  readonly format?: 'RAW' | 'VHD' | 'VHDX' | 'VMDK';
}

/** An EC2 Fleet of type `maintain` whose overrides name AMIs and snapshots: CreateFleet refuses such a one now. */
export interface SeedFleet extends Seed {
  readonly imageIds?: readonly string[];
  readonly snapshotIds?: readonly string[];
  /** Default `active`. */
  readonly state?: FleetFacts['state'];
}

/** What is deleted from now on and has any of these tags (without `tags`: all of its type) goes to the Recycle Bin. */
export interface SeedRetentionRule {
  readonly type: 'image' | 'snapshot';
  readonly days: number;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface SeedEc2Options {
  /** An emulator's; it need not run, and may. */
  readonly directory: string;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  readonly snapshots?: Iterable<SeedSnapshot>;
  readonly images?: Iterable<SeedImage>;
  readonly importTasks?: Iterable<SeedImportTask>;
  readonly fleets?: Iterable<SeedFleet>;
  readonly retentionRules?: Iterable<SeedRetentionRule>;
}

const rowsPerTransaction = 20_000;

/**
 * Puts resources into an account without calling for each of them: a hundred thousand take seconds. What comes in is not
 * checked as the calls check it.
 */
export function seedEc2({
  directory,
  accountId = '123456789012',
  region = 'us-east-1',
  snapshots = [],
  images = [],
  importTasks = [],
  fleets = [],
  retentionRules = [],
}: SeedEc2Options): void {
  const store = openStore({ directory });
  try {
    createEc2Tables(store);
    const account: Account = {
      store,
      accountId,
      region,
      resources: openResources({ store, accountId, region, now: Date.now }),
    };
    inBatches(store, snapshots, (snapshot) => addSnapshot(account, snapshot));
    inBatches(store, images, (image) => addImage(account, image));
    inBatches(store, importTasks, (task) => addImportTask(account, task));
    inBatches(store, fleets, (fleet) => addFleet(account, fleet));
    inBatches(store, retentionRules, ({ type, days, tags = {} }) =>
      insertRule(store, randomUUID(), account, { type, days, tags: tagsOf({ tags }) }),
    );
  } finally {
    store.close();
  }
}

interface Account {
  readonly store: Store;
  readonly accountId: string;
  readonly region: string;
  readonly resources: Resources;
}

function inBatches<T>(store: Store, items: Iterable<T>, add: (item: T) => void): void {
  let batch: T[] = [];
  const flush = () => {
    store.transaction(() => {
      for (const item of batch) add(item);
    });
    batch = [];
  };
  for (const item of items) {
    batch.push(item);
    if (batch.length === rowsPerTransaction) flush();
  }
  flush();
}

function addSnapshot({ resources, ...place }: Account, snapshot: SeedSnapshot): void {
  const { id, createdAt = Date.now(), state = 'completed' } = snapshot;
  resources.insert<SnapshotFacts>('snapshot', {
    id,
    createdAt,
    tags: tagsOf(snapshot),
    facts: {
      ownerId: place.accountId,
      description: snapshot.description ?? '',
      volumeSizeGiB: snapshot.volumeSizeGiB ?? 8,
      encrypted: snapshot.encrypted ?? false,
      ...(snapshot.encrypted && { kmsKeyId: snapshot.kmsKeyId ?? managedKey(place).arn }),
      outcome: state === 'error' ? 'error' : 'completed',
      settlesAt: state === 'pending' ? undefined : createdAt,
      fullSizeBytes: snapshot.fullSizeBytes,
      createVolumePermissions: snapshot.createVolumePermissions,
      volumeId: snapshot.volumeId,
    },
  });
}

function addImage({ store, resources, accountId }: Account, image: SeedImage): void {
  const { id, name, snapshotIds, createdAt = Date.now(), state = 'available' } = image;
  const made = resources.insert<ImageFacts>('image', {
    id,
    name,
    createdAt,
    tags: tagsOf(image),
    facts: {
      ownerId: accountId,
      name,
      description: image.description,
      architecture: image.architecture ?? 'x86_64',
      virtualizationType: 'hvm',
      rootDeviceName: '/dev/sda1',
      blockDevices: snapshotIds.map((snapshotId, index) => ({
        deviceName: index === 0 ? '/dev/sda1' : `/dev/sd${String.fromCharCode(97 + index)}`,
        ebs: {
          snapshotId,
          volumeSizeGiB: image.volumeSizeGiB ?? 8,
          volumeType: 'gp3',
          deleteOnTermination: true,
          encrypted: resources.find<SnapshotFacts>('snapshot', snapshotId)?.facts.encrypted ?? false,
        },
      })),
      enaSupport: true,
      outcome: state === 'pending' ? 'available' : state,
      settlesAt: state === 'pending' ? Number.MAX_SAFE_INTEGER : createdAt,
      lastLaunchedAt: image.lastLaunchedAt,
      sourceImageId: image.sourceImageId,
      sourceImageRegion: image.sourceImageRegion,
      sourceInstanceId: image.sourceInstanceId,
    },
  });
  linkSnapshots(store, made.id, snapshotIds);
}

function addImportTask({ store, resources, accountId, region }: Account, task: SeedImportTask): void {
  const { id, createdAt = Date.now(), status = 'completed', bucket, key } = task;
  const active = status === 'active';
  const { id: taskId } = resources.insert<ImportTaskFacts>('import-snapshot-task', {
    id,
    createdAt,
    tags: tagsOf(task),
    facts: {
      format: task.format ?? 'VHDX',
      bucket,
      key,
      roleName: 'vmimport',
      encrypted: false,
      status,
      statusMessage: task.statusMessage ?? (active ? 'downloading/converting' : undefined),
      progress: active ? 19 : undefined,
      seeded: active || undefined,
      diskImageSizeBytes: 0,
      snapshotId: task.snapshotId,
      endedAt: active ? undefined : createdAt,
      unseenMs: 0,
    },
  });
  if (active) enqueue(store, { taskId, accountId, region }, createdAt);
}

function addFleet({ resources }: Account, fleet: SeedFleet): void {
  const { id, createdAt, imageIds = [], snapshotIds = [], state = 'active' } = fleet;
  const overrides = [
    ...imageIds.map((ImageId) => ({ ImageId })),
    ...snapshotIds.map((SnapshotId) => ({
      BlockDeviceMapping: [{ DeviceName: '/dev/sdf', Ebs: { SnapshotId } }],
    })),
  ];
  resources.insert<FleetFacts>('fleet', {
    id,
    createdAt,
    tags: tagsOf(fleet),
    facts: {
      type: 'maintain',
      state,
      configs: [{ Overrides: overrides }],
      capacity: 0,
      capacityType: 'on-demand',
      replaceUnhealthy: false,
    },
  });
}

function tagsOf({ tags = {} }: Seed): Tag[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
