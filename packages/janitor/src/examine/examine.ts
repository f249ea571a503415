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
import { mapByRegion } from '../map-by-region.ts';
import type { Senders } from '../senders.ts';
import { readPermissions } from './images.ts';
import { readObject } from './objects.ts';
import { findReferences, type References } from './references.ts';
import { readSnapshot } from './snapshots.ts';
import { readParts } from './uploads.ts';
import type { Usage, UsageReader } from './usage.ts';

export interface Examination {
  readonly resources: readonly ResourceFact[];
  readonly senders: Senders;
  readonly usage: UsageReader;
  readonly account: string;
  readonly now: number;
  /** Of a region, at a time. */
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
  const gaps: Gap[] = [];
  const uses = await readUses(examination, gaps);
  const look = async <F extends ResourceFact, D>(
    mine: readonly F[],
    what: Gap['what'],
    lookAt: (resource: F) => Promise<D>,
  ): Promise<Map<string, Examined<D>>> =>
    new Map(
      await mapByRegion(mine, concurrency, async (resource): Promise<[string, Examined<D>]> => {
        const ref = refOf(resource);
        const usage = isUsable(resource) ? uses.get(resource.region) : undefined;
        if (usage && 'unseen' in usage) return [ref, usage];
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
    images: await look(images(resources), 'references', imageLooker(examination, uses)),
    snapshots: await look(snapshots(resources), 'permissions', async (snapshot) => {
      const { region, snapshotId } = snapshot;
      const held = await readSnapshot({ ec2: senders.ec2(region), snapshotId });
      return held && { references: usersOf(uses, snapshot, snapshotId), ...held };
    }),
    uploads: await look(uploads(resources), 'parts', (upload) => readParts({ ...s3Look(upload), upload })),
    objects: await look(objects(resources), 'metadata', (object) =>
      readObject({ ...s3Look(object), object }),
    ),
  };
  return { details, gaps };
}

type Uses = ReadonlyMap<string, Examined<Usage>>;

function isUsable({ kind }: ResourceFact): boolean {
  return kind === 'ami' || kind === 'snapshot';
}

function usersOf(uses: Uses, { region }: ResourceFact, id: string): readonly string[] {
  const usage = uses.get(region);
  if (!usage || 'unseen' in usage) throw new Error(`what uses ${id} was not read`);
  return usage.seen.usersOf(id);
}

/** Of each region with AMIs or snapshots to examine. A region whose lists cannot be read is one gap. */
async function readUses({ resources, usage, signal }: Examination, gaps: Gap[]): Promise<Uses> {
  const regions = new Set(resources.filter(isUsable).map(({ region }) => region));
  const read = await Promise.all(
    [...regions].map(async (region): Promise<[string, Examined<Usage>]> => {
      try {
        return [region, { seen: await usage(region) }];
      } catch (error) {
        signal?.throwIfAborted();
        const detail = (error as Error).message;
        gaps.push({ what: 'references', region, detail });
        return [region, { unseen: detail }];
      }
    }),
  );
  return new Map(read);
}

/** References are searched for once a region, for all of its AMIs together. */
function imageLooker(
  { resources, senders, account }: Examination,
  uses: Uses,
): (image: ImageFact) => Promise<ImageDetail> {
  const searches = new Map<string, Promise<References>>();
  const byRegion = Map.groupBy(images(resources), ({ region }) => region);
  const referencesIn = (region: string): Promise<References> => {
    const imageIds = (byRegion.get(region) ?? []).map(({ imageId }) => imageId);
    const search = searches.get(region) ?? findReferences({ senders, region, imageIds });
    searches.set(region, search);
    return search;
  };
  return async (image) => {
    const { region, imageId } = image;
    const found = (await referencesIn(region)).get(imageId) ?? [];
    const permissions = await readPermissions({ ec2: senders.ec2(region), image, account });
    return permissions && { references: united(found, usersOf(uses, image, imageId)), ...permissions };
  };
}

/** A launch template may be in both, once by its ARN and once for each version. */
function united(arns: readonly string[], users: readonly string[]): string[] {
  const isTold = (user: string) => arns.some((arn) => arn.endsWith(`/${user.split(' ')[0]}`));
  return [...arns, ...users.filter((user) => !isTold(user))];
}

const images = (resources: readonly ResourceFact[]) =>
  resources.filter((resource): resource is ImageFact => resource.kind === 'ami');
const snapshots = (resources: readonly ResourceFact[]) =>
  resources.filter((resource): resource is SnapshotFact => resource.kind === 'snapshot');
const uploads = (resources: readonly ResourceFact[]) =>
  resources.filter((resource): resource is UploadFact => resource.kind === 'upload');
const objects = (resources: readonly ResourceFact[]) =>
  resources.filter((resource): resource is ObjectFact => resource.kind === 'object');
