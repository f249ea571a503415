import pLimit from 'p-limit';
import {
  type Details,
  type Examined,
  type Gap,
  type ImageDetail,
  type ImageFact,
  type ObjectFact,
  type ResourceFact,
  refOf,
  type SnapshotFact,
  type UploadFact,
} from '../facts.ts';
import type { Senders } from '../senders.ts';
import { readPermissions } from './images.ts';
import { readObject } from './objects.ts';
import { findReferences, type References } from './references.ts';
import { readSnapshot } from './snapshots.ts';
import { readParts } from './uploads.ts';

export interface Examination {
  readonly resources: readonly ResourceFact[];
  readonly senders: Senders;
  readonly account: string;
  readonly now: number;
  readonly concurrency: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks closely at the resources that would otherwise be deleted, and at nothing else: these are the calls that cost one
 * or more for each resource. A look that fails is a gap, and says so in the resource's details.
 */
export async function examine(
  examination: Examination,
): Promise<{ readonly details: Details; readonly gaps: readonly Gap[] }> {
  const { resources, senders, account, now, concurrency, signal } = examination;
  const limit = pLimit(concurrency);
  const gaps: Gap[] = [];
  const look = async <F extends ResourceFact, D>(
    mine: readonly F[],
    what: Gap['what'],
    lookAt: (resource: F) => Promise<D>,
  ): Promise<Map<string, Examined<D>>> =>
    new Map(
      await limit.map(mine, async (resource): Promise<[string, Examined<D>]> => {
        const ref = refOf(resource);
        try {
          return [ref, { seen: await lookAt(resource) }];
        } catch (error) {
          signal?.throwIfAborted();
          const detail = (error as Error).message;
          gaps.push({ what, region: resource.region, ref, detail });
          return [ref, { unseen: detail }];
        }
      }),
    );
  const s3Look = (resource: UploadFact | ObjectFact) => ({ s3: senders.s3(resource.region), account, now });
  const details: Details = {
    images: await look(images(resources), 'references', imageLooker(examination)),
    snapshots: await look(snapshots(resources), 'permissions', ({ region, snapshotId }) =>
      readSnapshot({ ec2: senders.ec2(region), snapshotId }),
    ),
    uploads: await look(uploads(resources), 'parts', (upload) => readParts({ ...s3Look(upload), upload })),
    objects: await look(objects(resources), 'metadata', (object) =>
      readObject({ ...s3Look(object), object }),
    ),
  };
  return { details, gaps };
}

/** References are searched for once a region, for all of its AMIs together. */
function imageLooker({ resources, senders }: Examination): (image: ImageFact) => Promise<ImageDetail> {
  const searches = new Map<string, Promise<References>>();
  const referencesIn = (region: string): Promise<References> => {
    const imageIds = images(resources)
      .filter((image) => image.region === region)
      .map(({ imageId }) => imageId);
    const search = searches.get(region) ?? findReferences({ senders, region, imageIds });
    searches.set(region, search);
    return search;
  };
  return async (image) => {
    const references = (await referencesIn(image.region)).get(image.imageId) ?? [];
    const permissions = await readPermissions({ ec2: senders.ec2(image.region), image });
    return permissions && { references, ...permissions };
  };
}

const images = (resources: readonly ResourceFact[]) =>
  resources.filter((resource): resource is ImageFact => resource.kind === 'ami');
const snapshots = (resources: readonly ResourceFact[]) =>
  resources.filter((resource): resource is SnapshotFact => resource.kind === 'snapshot');
const uploads = (resources: readonly ResourceFact[]) =>
  resources.filter((resource): resource is UploadFact => resource.kind === 'upload');
const objects = (resources: readonly ResourceFact[]) =>
  resources.filter((resource): resource is ObjectFact => resource.kind === 'object');
