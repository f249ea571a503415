import { randomUUID } from 'node:crypto';
import { managedKey } from '../kms/keys.ts';
import { openStore, type Store } from '../store/store.ts';
import type { FleetFacts } from './fleets/fleets.ts';
import { linkSnapshots } from './image-snapshots.ts';
import type { ImageFacts } from './images/image.ts';
import type { ImportTaskFacts } from './import/import-task.ts';
import { enqueue } from './import/task-queue.ts';
import type { InstanceFacts } from './instances/instance.ts';
import { insertRule } from './recycle-bin.ts';
import { openResources, type Resources, type Tag } from './resources.ts';
import type {
  Seed,
  SeedEc2Options,
  SeedFleet,
  SeedImage,
  SeedImportTask,
  SeedInstance,
  SeedSnapshot,
} from './seed-options.ts';
import type { SnapshotFacts } from './snapshots/snapshot.ts';
import { createEc2Tables } from './tables.ts';

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
  instances = [],
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
    inBatches(store, instances, (instance) => addInstance(account, instance));
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
      deprecatedAt: image.deprecatedAt,
      launchPermissions: image.launchPermissions?.map((who) =>
        who === 'all' ? { group: who } : { userId: who },
      ),
      deregistrationProtection: image.isProtected ? 'enabled-without-cooldown' : undefined,
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

function addInstance({ resources, accountId, region }: Account, instance: SeedInstance): void {
  const { id, createdAt, imageId } = instance;
  resources.insert<InstanceFacts>('instance', {
    id,
    createdAt,
    tags: tagsOf(instance),
    facts: {
      ownerId: accountId,
      reservationId: `r-${randomUUID().slice(0, 8)}`,
      launchIndex: 0,
      imageId,
      instanceType: 't3.micro',
      architecture: 'x86_64',
      virtualizationType: 'hvm',
      availabilityZone: `${region}a`,
      state: 'running',
    },
  });
}

function tagsOf({ tags = {} }: Seed): Tag[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
