import pLimit from 'p-limit';
import { readSharing } from '../examine/images.ts';
import { findParameters } from '../examine/references.ts';
import { type Gap, type ImageFact, inRegion } from '../facts.ts';
import { defaultConcurrency } from '../find-leftovers.ts';
import { mapByRegion } from '../map-by-region.ts';
import { relationsOf } from '../relations.ts';
import { type OriginScan, scanOrigins } from '../scan-origins.ts';
import { createSenders, type Senders } from '../senders.ts';
import { inOrder, type ListedAmi, listedAmi } from './list-amis.ts';

export type FindAmisOptions = Omit<OriginScan, 'imageIds'>;

export interface FoundAmis {
  readonly account: string;
  readonly regions: readonly string[];
  readonly amis: readonly ListedAmi[];
  /** What could not be read: AMIs may be missing, and what is null in one is not known. */
  readonly gaps: readonly Gap[];
}

/**
 * The AMIs that ec2-image provably created, with whom they are shared and which SSM parameters name them. Costs one call
 * for each AMI and one for each ten, beside the lists. Makes no call that changes anything.
 */
export async function findAmis(options: FindAmisOptions): Promise<FoundAmis> {
  const { account, regions, signal } = options;
  const facts = await scanOrigins(options);
  const { proofs } = relationsOf(facts);
  const images = facts.images.filter(
    (image) => image.state !== 'deregistered' && proofs.image(image) !== undefined,
  );
  const senders = createSenders(options);
  const gaps = [...facts.gaps];
  const gapped = async <T>(gap: Omit<Gap, 'detail'>, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      signal?.throwIfAborted();
      gaps.push({ ...gap, detail: (error as Error).message });
      return undefined;
    }
  };
  const [sharing, parameters] = await Promise.all([
    readAllSharing(images, { senders, account, gapped }),
    readAllParameters(images, { senders, gapped }),
  ]);
  const readings = { sharing, parameters };
  const amis = images.map((image) => listedAmi(image, { readings, now: facts.takenAt })).sort(inOrder);
  return { account, regions, amis, gaps };
}

interface Reading {
  readonly senders: Senders;
  /** What a failed read leaves undefined is a gap. */
  readonly gapped: <T>(gap: Omit<Gap, 'detail'>, read: () => Promise<T>) => Promise<T | undefined>;
}

/** Only an AMI's own attribute tells: DescribeImages says `Public`, and no account. */
async function readAllSharing(
  images: readonly ImageFact[],
  { senders, account, gapped }: Reading & { readonly account: string },
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  await mapByRegion(images, defaultConcurrency, async (image) => {
    const { region, imageId } = image;
    const ref = inRegion(image, imageId);
    const shared = await gapped({ what: 'permissions', region, ref }, () =>
      readSharing({ ec2: senders.ec2(region), image, account }),
    );
    if (shared) found.set(ref, shared);
  });
  return found;
}

async function readAllParameters(
  images: readonly ImageFact[],
  { senders, gapped }: Reading,
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  const byRegion = Map.groupBy(images, ({ region }) => region);
  await pLimit(defaultConcurrency).map(byRegion, async ([region, amis]) => {
    const imageIds = amis.map(({ imageId }) => imageId);
    const references = await gapped({ what: 'references', region }, () =>
      findParameters({ senders, region, imageIds }),
    );
    for (const [imageId, arns] of references ?? []) found.set(inRegion({ region }, imageId), arns);
  });
  return found;
}
