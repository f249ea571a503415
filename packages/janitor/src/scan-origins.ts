import { type Clock, systemClock } from '@ec2-image/aws-call';
import pLimit from 'p-limit';
import type { RegionalClients } from './clients.ts';
import { type BucketFact, type Facts, type ImageFact, inRegion } from './facts.ts';
import { defaultConcurrency, noDetails } from './find-leftovers.ts';
import { regionOfBucket } from './scan/bucket.ts';
import { scanImages } from './scan/images.ts';
import { type AccountScan, type Collect, collector, scanRegion } from './scan/scan-account.ts';
import { scanSnapshots } from './scan/snapshots.ts';
import { scanTasks } from './scan/tasks.ts';
import { createSenders } from './senders.ts';

export interface OriginScan extends Omit<AccountScan, 'concurrency' | 'senders' | 'withInstances'> {
  readonly clients: RegionalClients;
  /** Only these AMIs and what belongs to them. Default: everything that ec2-image may have created. */
  readonly imageIds?: readonly string[];
  readonly clock?: Clock;
}

/**
 * Reads what proves which AMIs and snapshots ec2-image created: those, and the import tasks, of the regions; of the
 * buckets only whose they are. Makes no call that changes anything.
 */
export async function scanOrigins(options: OriginScan): Promise<Facts> {
  const { account, regions, prefixes, imageIds, clock = systemClock } = options;
  const senders = createSenders(options);
  const takenAt = clock.now();
  const { collect, gaps } = collector(options);
  const limit = pLimit(defaultConcurrency);
  const buckets = await limit.map(new Set(options.buckets), (bucket) =>
    collect({ what: 'bucket', bucket }, async function* (): AsyncGenerator<BucketFact> {
      const region = await regionOfBucket({ s3: senders.s3, bucket, region: regions[0]!, account });
      yield { bucket, region, versioning: 'Never' };
    }),
  );
  const found = await limit.map(new Set(regions), (region) =>
    imageIds === undefined
      ? scanRegion({ senders, regions, region, collect })
      : scanAround(imageIds, { senders, region, collect }),
  );
  return {
    account,
    takenAt,
    regions,
    prefixes,
    buckets: buckets.flat(),
    instances: [],
    uploads: [],
    objects: [],
    tasks: found.flatMap(({ tasks }) => tasks),
    snapshots: found.flatMap(({ snapshots }) => snapshots),
    images: found.flatMap(({ images }) => images),
    details: noDetails,
    gaps,
  };
}

/** The named AMIs, their snapshots, the other AMIs of these (the first of them gives a snapshot its name), and the tasks. */
async function scanAround(
  imageIds: readonly string[],
  {
    senders,
    region,
    collect,
  }: Pick<AccountScan, 'senders'> & { readonly region: string; readonly collect: Collect },
): Promise<Pick<Facts, 'images' | 'snapshots' | 'tasks'>> {
  const at = { ec2: senders.ec2(region), region };
  const imagesBy = (name: string, values: readonly string[]): Promise<ImageFact[]> =>
    collect({ what: 'images', region }, () =>
      scanImages({ ...at, filters: [{ Name: name, Values: [...values] }] }),
    );
  const named = await imagesBy('image-id', imageIds);
  const ids = [...new Set(named.flatMap(({ snapshotIds }) => snapshotIds))];
  if (ids.length === 0) return { images: named, snapshots: [], tasks: [] };
  const [others, snapshots, tasks] = await Promise.all([
    imagesBy('block-device-mapping.snapshot-id', ids),
    collect({ what: 'snapshots', region }, () =>
      scanSnapshots({ ...at, filters: [{ Name: 'snapshot-id', Values: ids }] }),
    ),
    collect({ what: 'tasks', region }, () => scanTasks(at)),
  ]);
  const images = new Map([...named, ...others].map((image) => [inRegion(image, image.imageId), image]));
  return { images: [...images.values()], snapshots, tasks };
}
