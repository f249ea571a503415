import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { provenanceKeys } from '@ec2-image/provenance';
import { isNotFound } from './examine/objects.ts';
import type { BucketFact, Facts, ImageFact, ObjectFact, ResourceFact, SnapshotFact } from './facts.ts';
import type { RecheckOptions } from './recheck-options.ts';
import { streamNameOf } from './relations.ts';
import type { NamedResource } from './saved-plan.ts';
import { all } from './scan/all.ts';
import { readBucket } from './scan/bucket.ts';
import { scanImages } from './scan/images.ts';
import { scanInstances } from './scan/instances.ts';
import { scanSnapshots } from './scan/snapshots.ts';
import { scanTasks } from './scan/tasks.ts';
import { scanUploads } from './scan/uploads.ts';

/** A resource as it is now, with its neighbours as far as its verdict rests on them. */
type Nearby = { readonly fact: ResourceFact | undefined } & Partial<
  Pick<Facts, 'instances' | 'uploads' | 'objects' | 'tasks' | 'snapshots' | 'images'>
>;

/** EC2 takes no more values in one filter. */
const maxFilterValues = 200;

export async function readNearby(resource: NamedResource, options: RecheckOptions): Promise<Nearby> {
  switch (resource.kind) {
    case 'instance': {
      const instances = await all(scanInstances({ ...at(resource, options), instanceId: resource.id }));
      return { fact: instances[0], instances };
    }
    case 'upload':
      return nearUpload(resource, options);
    case 'object':
      return nearObject(resource, options);
    case 'task': {
      const tasks = await all(scanTasks(at(resource, options)));
      return { fact: tasks.find(({ taskId }) => taskId === resource.id), tasks };
    }
    case 'ami':
      return nearImage(resource, options);
    case 'snapshot':
      return nearSnapshot(resource, options);
  }
}

async function nearUpload(resource: NamedResource, options: RecheckOptions): Promise<Nearby> {
  const { senders, plan } = options;
  const bucket = await bucketOf(resource, options);
  const s3 = senders.s3(bucket.region);
  for (const prefix of plan.prefixes) {
    // Asked for by its key, so that the page it is on comes first; its shape is checked against each prefix.
    for await (const upload of scanUploads({
      s3,
      bucket,
      account: plan.account,
      prefix,
      under: resource.key,
    })) {
      if (upload.uploadId === resource.id) return { fact: upload, uploads: [upload] };
    }
  }
  return { fact: undefined };
}

async function nearObject(resource: NamedResource, options: RecheckOptions): Promise<Nearby> {
  const { senders, plan } = options;
  const { bucket, region } = await bucketOf(resource, options);
  const key = resource.key!;
  try {
    const head = await senders.s3(region).send(
      new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        VersionId: resource.versionId,
        ExpectedBucketOwner: plan.account,
      }),
    );
    const object: ObjectFact = {
      kind: 'object',
      region,
      bucket,
      key,
      versionId: resource.versionId ?? head.VersionId,
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

async function nearImage(resource: NamedResource, options: RecheckOptions): Promise<Nearby> {
  const [image] = await imagesBy('image-id', [resource.id], resource, options);
  if (!image) return { fact: undefined };
  const stream =
    options.policy.superseded || options.policy.retain ? await imagesOfStream(image, options) : [];
  const images = [image, ...stream.filter(({ imageId }) => imageId !== image.imageId)];
  const snapshots = await snapshotsBy(
    images.flatMap(({ snapshotIds }) => snapshotIds),
    resource,
    options,
  );
  return { fact: image, images, snapshots, tasks: await all(scanTasks(at(resource, options))) };
}

async function nearSnapshot(resource: NamedResource, options: RecheckOptions): Promise<Nearby> {
  const [snapshot] = await snapshotsBy([resource.id], resource, options);
  const { deregistered } = options;
  const images = (
    await imagesBy('block-device-mapping.snapshot-id', [resource.id], resource, options)
  ).filter(
    // A list that lags behind may still show what was confirmed to be gone.
    ({ imageId }) => !deregistered.some((gone) => gone.imageId === imageId),
  );
  return {
    fact: snapshot,
    snapshots: snapshot ? [snapshot] : [],
    images: [...images, ...deregistered],
    tasks: await all(scanTasks(at(resource, options))),
  };
}

/** The owner and the region are checked again: a bucket may have been deleted and its name taken by somebody else. */
function bucketOf(resource: NamedResource, { senders, plan }: RecheckOptions): Promise<BucketFact> {
  return readBucket({
    s3: senders.s3,
    bucket: resource.bucket!,
    region: resource.region,
    account: plan.account,
  });
}

async function imagesBy(
  filter: string,
  values: readonly string[],
  { region }: { readonly region: string },
  options: RecheckOptions,
): Promise<ImageFact[]> {
  const filters = [{ Name: filter, Values: [...values] }];
  return all(scanImages({ ...at({ region }, options), filters }));
}

async function imagesOfStream(image: ImageFact, options: RecheckOptions): Promise<ImageFact[]> {
  const name = streamNameOf(image);
  if (name === undefined) return [];
  // Taken literally.
  const value = name.replace(/[\\*?]/g, '\\$&');
  return imagesBy(`tag:${provenanceKeys.name}`, [value], image, options);
}

async function snapshotsBy(
  ids: readonly string[],
  { region }: { readonly region: string },
  options: RecheckOptions,
): Promise<SnapshotFact[]> {
  const found: SnapshotFact[] = [];
  for (let from = 0; from < ids.length; from += maxFilterValues) {
    const filters = [{ Name: 'snapshot-id', Values: ids.slice(from, from + maxFilterValues) }];
    found.push(...(await all(scanSnapshots({ ...at({ region }, options), filters }))));
  }
  return found;
}

function at({ region }: { readonly region: string }, { senders }: RecheckOptions) {
  return { ec2: senders.ec2(region), region };
}
