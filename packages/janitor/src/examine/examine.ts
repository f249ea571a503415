import pLimit from 'p-limit';
import {
  type Details,
  type Gap,
  type ImageDetail,
  type ImageFact,
  type Looked,
  type ObjectFact,
  refOf,
  type SnapshotFact,
  type ThingFact,
  type UploadFact,
} from '../facts.ts';
import type { Senders } from '../senders.ts';
import { lookAtPermissions } from './images.ts';
import { lookAtObject } from './objects.ts';
import { findReferences, type References } from './references.ts';
import { lookAtSnapshot } from './snapshots.ts';
import { lookAtParts } from './uploads.ts';

export interface Examination {
  readonly things: readonly ThingFact[];
  readonly senders: Senders;
  readonly account: string;
  readonly now: number;
  readonly concurrency: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks closely at the things that would otherwise be deleted, and at nothing else: these are the calls that cost one
 * or more for each thing. A look that fails is a gap, and says so in the thing's details.
 */
export async function examine(
  examination: Examination,
): Promise<{ readonly details: Details; readonly gaps: readonly Gap[] }> {
  const { things, senders, account, now, concurrency, signal } = examination;
  const limit = pLimit(concurrency);
  const gaps: Gap[] = [];
  const look = async <F extends ThingFact, D>(
    mine: readonly F[],
    what: Gap['what'],
    lookAt: (thing: F) => Promise<D>,
  ): Promise<Map<string, Looked<D>>> =>
    new Map(
      await limit.map(mine, async (thing): Promise<[string, Looked<D>]> => {
        const ref = refOf(thing);
        try {
          return [ref, { seen: await lookAt(thing) }];
        } catch (error) {
          signal?.throwIfAborted();
          const detail = (error as Error).message;
          gaps.push({ what, region: thing.region, ref, detail });
          return [ref, { unseen: detail }];
        }
      }),
    );
  const s3Look = (thing: UploadFact | ObjectFact) => ({ s3: senders.s3(thing.region), account, now });
  const details: Details = {
    images: await look(images(things), 'references', imageLooker(examination)),
    snapshots: await look(snapshots(things), 'permissions', ({ region, snapshotId }) =>
      lookAtSnapshot({ ec2: senders.ec2(region), snapshotId }),
    ),
    uploads: await look(uploads(things), 'parts', (upload) => lookAtParts({ ...s3Look(upload), upload })),
    objects: await look(objects(things), 'metadata', (object) => lookAtObject({ ...s3Look(object), object })),
  };
  return { details, gaps };
}

/** References are searched for once a region, for all of its AMIs together. */
function imageLooker({ things, senders }: Examination): (image: ImageFact) => Promise<ImageDetail> {
  const searches = new Map<string, Promise<References>>();
  const referencesIn = (region: string): Promise<References> => {
    const imageIds = images(things)
      .filter((image) => image.region === region)
      .map(({ imageId }) => imageId);
    const search = searches.get(region) ?? findReferences({ senders, region, imageIds });
    searches.set(region, search);
    return search;
  };
  return async (image) => {
    const references = (await referencesIn(image.region)).get(image.imageId) ?? [];
    const permissions = await lookAtPermissions({ ec2: senders.ec2(image.region), image });
    return permissions && { references, ...permissions };
  };
}

const images = (things: readonly ThingFact[]) =>
  things.filter((thing): thing is ImageFact => thing.kind === 'ami');
const snapshots = (things: readonly ThingFact[]) =>
  things.filter((thing): thing is SnapshotFact => thing.kind === 'snapshot');
const uploads = (things: readonly ThingFact[]) =>
  things.filter((thing): thing is UploadFact => thing.kind === 'upload');
const objects = (things: readonly ThingFact[]) =>
  things.filter((thing): thing is ObjectFact => thing.kind === 'object');
