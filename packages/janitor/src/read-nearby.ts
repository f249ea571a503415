import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { parseAmiName } from '@ec2-image/provenance';
import { isNotFound } from './examine/objects.ts';
import type { BucketFact, Facts, ImageFact, ObjectFact, SnapshotFact, ThingFact } from './facts.ts';
import type { LookAgainOptions } from './recheck-options.ts';
import type { NamedThing } from './saved-plan.ts';
import { all } from './scan/all.ts';
import { lookAtBucket } from './scan/bucket.ts';
import { scanImages } from './scan/images.ts';
import { scanSnapshots } from './scan/snapshots.ts';
import { scanTasks } from './scan/tasks.ts';
import { scanUploads } from './scan/uploads.ts';

/** A thing as it is now, with its neighbours as far as its verdict rests on them. */
type Nearby = { readonly fact: ThingFact | undefined } & Partial<
  Pick<Facts, 'uploads' | 'objects' | 'tasks' | 'snapshots' | 'images'>
>;

/** EC2 takes no more values in one filter. */
const maxFilterValues = 200;

export async function readNearby(thing: NamedThing, options: LookAgainOptions): Promise<Nearby> {
  switch (thing.kind) {
    case 'upload':
      return nearUpload(thing, options);
    case 'object':
      return nearObject(thing, options);
    case 'task': {
      const tasks = await all(scanTasks(at(thing, options)));
      return { fact: tasks.find(({ taskId }) => taskId === thing.id), tasks };
    }
    case 'ami':
      return nearImage(thing, options);
    case 'snapshot':
      return nearSnapshot(thing, options);
  }
}

async function nearUpload(thing: NamedThing, options: LookAgainOptions): Promise<Nearby> {
  const { senders, plan } = options;
  const bucket = await bucketOf(thing, options);
  const s3 = senders.s3(bucket.region);
  for (const prefix of plan.prefixes) {
    // Asked for by its key, so that the page it is on comes first; its shape is checked against each prefix.
    for await (const upload of scanUploads({
      s3,
      bucket,
      account: plan.account,
      prefix,
      under: thing.key,
    })) {
      if (upload.uploadId === thing.id) return { fact: upload, uploads: [upload] };
    }
  }
  return { fact: undefined };
}

async function nearObject(thing: NamedThing, options: LookAgainOptions): Promise<Nearby> {
  const { senders, plan } = options;
  const { bucket, region } = await bucketOf(thing, options);
  const key = thing.key!;
  try {
    const head = await senders.s3(region).send(
      new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        VersionId: thing.versionId,
        ExpectedBucketOwner: plan.account,
      }),
    );
    const object: ObjectFact = {
      kind: 'object',
      region,
      bucket,
      key,
      versionId: thing.versionId ?? head.VersionId,
      sizeBytes: head.ContentLength ?? 0,
      modifiedAt: head.LastModified?.getTime(),
    };
    // After the object, so that a task which began on it meanwhile is seen.
    const tasks = await all(scanTasks(at({ region }, options)));
    return { fact: object, objects: [object], tasks };
  } catch (error) {
    if (isNotFound(error)) return { fact: undefined };
    throw error;
  }
}

async function nearImage(thing: NamedThing, options: LookAgainOptions): Promise<Nearby> {
  const [image] = await imagesBy('image-id', [thing.id], thing, options);
  if (!image) return { fact: undefined };
  const series = options.policy.superseded ? await imagesOfSeries(image, options) : [];
  const images = [image, ...series.filter(({ imageId }) => imageId !== image.imageId)];
  const snapshots = await snapshotsBy(
    images.flatMap(({ snapshotIds }) => snapshotIds),
    thing,
    options,
  );
  return { fact: image, images, snapshots, tasks: await all(scanTasks(at(thing, options))) };
}

async function nearSnapshot(thing: NamedThing, options: LookAgainOptions): Promise<Nearby> {
  const [snapshot] = await snapshotsBy([thing.id], thing, options);
  const { deregistered } = options;
  const images = (await imagesBy('block-device-mapping.snapshot-id', [thing.id], thing, options)).filter(
    // A list that lags behind may show once more what was confirmed to be gone.
    ({ imageId }) => !deregistered.some((gone) => gone.imageId === imageId),
  );
  return {
    fact: snapshot,
    snapshots: snapshot ? [snapshot] : [],
    images: [...images, ...deregistered],
    tasks: await all(scanTasks(at(thing, options))),
  };
}

/** The owner and the region are checked anew: a bucket may have been deleted and its name taken by somebody else. */
function bucketOf(thing: NamedThing, { senders, plan }: LookAgainOptions): Promise<BucketFact> {
  return lookAtBucket({
    s3: senders.s3,
    bucket: thing.bucket!,
    region: thing.region,
    account: plan.account,
  });
}

async function imagesBy(
  filter: string,
  values: readonly string[],
  { region }: { readonly region: string },
  options: LookAgainOptions,
): Promise<ImageFact[]> {
  const filters = [{ Name: filter, Values: [...values] }];
  return all(scanImages({ ...at({ region }, options), filters }));
}

async function imagesOfSeries(image: ImageFact, options: LookAgainOptions): Promise<ImageFact[]> {
  const series = parseAmiName(image.name)?.name;
  return series === undefined ? [] : imagesBy('name', [`${series}-i*`], image, options);
}

async function snapshotsBy(
  ids: readonly string[],
  { region }: { readonly region: string },
  options: LookAgainOptions,
): Promise<SnapshotFact[]> {
  const found: SnapshotFact[] = [];
  for (let from = 0; from < ids.length; from += maxFilterValues) {
    const filters = [{ Name: 'snapshot-id', Values: ids.slice(from, from + maxFilterValues) }];
    found.push(...(await all(scanSnapshots({ ...at({ region }, options), filters }))));
  }
  return found;
}

function at({ region }: { readonly region: string }, { senders }: LookAgainOptions) {
  return { ec2: senders.ec2(region), region };
}
