import pLimit from 'p-limit';
import { type BucketFact, type Facts, type ImageFact, inRegion } from '../facts.ts';
import { defaultConcurrency, nothingLookedAt } from '../find-leftovers.ts';
import { regionOfBucket } from '../scan/bucket.ts';
import { scanImages } from '../scan/images.ts';
import { type AccountScan, type Collect, collector, scanRegion } from '../scan/scan-account.ts';
import { scanSnapshots } from '../scan/snapshots.ts';
import { scanTasks } from '../scan/tasks.ts';

export interface FindMissingTagsOptions extends Omit<AccountScan, 'concurrency'> {
  /** Look at these AMIs and what belongs to them alone. Default: at everything that is ours. */
  readonly imageIds?: readonly string[];
  readonly now?: () => number;
}

/** Reads the AMIs, snapshots and import tasks of the regions; of the buckets only whose they are. Makes no call that changes anything. */
export async function findMissingTags(options: FindMissingTagsOptions): Promise<Facts> {
  const { account, clients, regions, prefixes, imageIds, now = Date.now, signal } = options;
  const takenAt = now();
  const { collect, gaps } = collector(options);
  const limit = pLimit(defaultConcurrency);
  const buckets = await limit.map(new Set(options.buckets), (bucket) =>
    collect({ what: 'bucket', bucket }, async function* (): AsyncGenerator<BucketFact> {
      const region = await regionOfBucket({ s3: clients.s3, bucket, region: regions[0]!, account, signal });
      yield { bucket, region, versioning: 'Never' };
    }),
  );
  const found = await limit.map(new Set(regions), (region) =>
    imageIds === undefined
      ? scanRegion({ clients, regions, region, collect, signal })
      : scanAround(imageIds, { clients, region, collect, signal }),
  );
  return {
    account,
    takenAt,
    regions,
    prefixes,
    buckets: buckets.flat(),
    uploads: [],
    objects: [],
    tasks: found.flatMap(({ tasks }) => tasks),
    snapshots: found.flatMap(({ snapshots }) => snapshots),
    images: found.flatMap(({ images }) => images),
    details: nothingLookedAt,
    gaps,
  };
}

/** The named AMIs, their snapshots, the other AMIs of these (the first of them gives a snapshot its name), and the tasks. */
async function scanAround(
  imageIds: readonly string[],
  {
    clients,
    region,
    collect,
    signal,
  }: Pick<AccountScan, 'clients' | 'signal'> & { readonly region: string; readonly collect: Collect },
): Promise<Pick<Facts, 'images' | 'snapshots' | 'tasks'>> {
  const at = { ec2: clients.ec2(region), region, signal };
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
