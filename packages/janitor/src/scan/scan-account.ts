import type { CallOptions } from '@ec2-image/aws-call';
import { isOurs, keyPrefix } from '@ec2-image/provenance';
import pLimit from 'p-limit';
import {
  type BucketFact,
  type Facts,
  type Gap,
  type ImageFact,
  type ObjectFact,
  refOf,
  type SnapshotFact,
  type TaskFact,
  type UploadFact,
} from '../facts.ts';
import type { Senders } from '../senders.ts';
import { readBucket } from './bucket.ts';
import { scanImages } from './images.ts';
import { scanInstances } from './instances.ts';
import { scanObjects, scanRootObjects } from './objects.ts';
import { scanSnapshots } from './snapshots.ts';
import { scanTasks } from './tasks.ts';
import { scanUploads } from './uploads.ts';

/** Where to look. */
export interface Scope {
  /** The account's id, as STS names it: buckets of any other are refused. */
  readonly account: string;
  /** At least one. */
  readonly regions: readonly string[];
  /** None: S3 is left out. */
  readonly buckets: readonly string[];
  readonly prefixes: readonly string[];
}

/** What a scan looks for beside what ec2-image may have created. */
export interface AlsoWanted {
  /** Objects that imports by hand may have left at the roots of the buckets. Default false. */
  readonly handMadeObjects?: boolean;
}

export interface AccountScan extends Scope, Pick<CallOptions, 'onNotice' | 'outageTimeoutMs' | 'signal'> {
  readonly senders: Senders;
  /** How many lists are read at once. */
  readonly concurrency: number;
  /** Whether to look for instances that test AMIs. */
  readonly withInstances: boolean;
}

/** Each list of the account read once, page by page. A list that fails is a gap, and stops no other. */
export async function scanAccount(
  scan: AccountScan & AlsoWanted,
): Promise<Omit<Facts, 'account' | 'takenAt' | 'regions' | 'prefixes' | 'details'>> {
  const { senders, regions, concurrency } = scan;
  const { collect, gaps } = collector(scan);
  const limit = pLimit(concurrency);
  const found = await limit.map(new Set(scan.buckets), (bucket) =>
    collect({ what: 'bucket', bucket }, async function* (): AsyncGenerator<BucketFact> {
      yield await readBucket({
        s3: senders.s3,
        bucket,
        region: regions[0]!,
        account: scan.account,
      });
    }),
  );
  const buckets = found.flat();
  // An import reads from a bucket in its own region: tasks matter wherever there is a bucket.
  const taskRegions = new Set([...regions, ...buckets.map(({ region }) => region)]);
  const [instances, inRegions, inBuckets] = await Promise.all([
    limit.map(new Set(scan.withInstances ? regions : []), (region) =>
      collect({ what: 'instances', region }, () => scanInstances({ ec2: senders.ec2(region), region })),
    ),
    limit.map(taskRegions, (region) => scanRegion({ ...scan, region, collect })),
    pLimit(concurrency).map(buckets, (bucket) => scanBucket({ ...scan, bucket, collect })),
  ]);
  return {
    buckets,
    instances: instances.flat(),
    uploads: inBuckets.flatMap(({ uploads }) => uploads),
    objects: inBuckets.flatMap(({ objects }) => objects),
    tasks: inRegions.flatMap(({ tasks }) => tasks),
    snapshots: inRegions.flatMap(({ snapshots }) => snapshots),
    images: inRegions.flatMap(({ images }) => images),
    gaps,
  };
}

export type Collect = <T>(gap: Omit<Gap, 'detail'>, list: () => AsyncIterable<T>) => Promise<T[]>;

/** What was read before a list failed stays for the report; the gap keeps it from being deleted. */
export function collector({ onNotice, signal }: Pick<AccountScan, 'onNotice' | 'signal'>): {
  readonly collect: Collect;
  readonly gaps: readonly Gap[];
} {
  const gaps: Gap[] = [];
  return {
    gaps,
    async collect(gap, list) {
      const items = [];
      try {
        for await (const item of list()) items.push(item);
      } catch (error) {
        signal?.throwIfAborted();
        const detail = (error as Error).message;
        gaps.push({ ...gap, detail });
        onNotice?.(`The ${gap.what} of ${gap.bucket ?? gap.region} could not be read: ${detail}`);
      }
      return items;
    },
  };
}

export async function scanRegion({
  senders,
  region,
  regions,
  collect,
}: Pick<AccountScan, 'senders' | 'regions'> & {
  readonly region: string;
  readonly collect: Collect;
}): Promise<{
  readonly tasks: TaskFact[];
  readonly snapshots: SnapshotFact[];
  readonly images: ImageFact[];
}> {
  const at = { ec2: senders.ec2(region), region };
  const tasks = await collect({ what: 'tasks', region }, () => scanTasks(at));
  if (!regions.includes(region)) return { tasks, snapshots: [], images: [] };
  const madeByTasks = new Set(tasks.map(({ snapshotId }) => snapshotId));
  /** All that ec2-image may prove to have created, or that is worth a line in the report: the others are not kept in memory. */
  const wanted = ({ tags, origin, snapshotId }: SnapshotFact) =>
    isOurs(tags) || origin.kind === 'import' || madeByTasks.has(snapshotId);
  const [snapshots, images] = await Promise.all([
    collect({ what: 'snapshots', region }, () => scanSnapshots({ ...at, wanted })),
    collect({ what: 'images', region }, () => scanImages(at)),
  ]);
  return { tasks, snapshots, images };
}

async function scanBucket({
  senders,
  bucket,
  account,
  prefixes,
  handMadeObjects = false,
  collect,
}: AccountScan & AlsoWanted & { readonly bucket: BucketFact; readonly collect: Collect }): Promise<{
  readonly uploads: UploadFact[];
  readonly objects: ObjectFact[];
}> {
  const where = { region: bucket.region, bucket: bucket.bucket };
  const uploads = new Map<string, UploadFact>();
  const objects = new Map<string, ObjectFact>();
  const root = { s3: senders.s3(bucket.region), bucket, account };
  if (handMadeObjects) {
    for (const object of await collect({ what: 'objects', ...where }, () => scanRootObjects(root)))
      objects.set(refOf(object), object);
  }
  for (const prefix of new Set(prefixes.map(keyPrefix))) {
    const at = { ...root, prefix };
    const add = <F extends UploadFact | ObjectFact>(resources: Map<string, F>, more: readonly F[]) => {
      // One prefix may lie within another.
      for (const resource of more) resources.set(refOf(resource), resource);
    };
    const [someUploads, someObjects] = await Promise.all([
      collect({ what: 'uploads', ...where }, () => scanUploads(at)),
      collect({ what: 'objects', ...where }, () => scanObjects(at)),
    ]);
    add(uploads, someUploads);
    add(objects, someObjects);
  }
  return { uploads: [...uploads.values()], objects: [...objects.values()] };
}
