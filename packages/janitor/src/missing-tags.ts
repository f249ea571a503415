import { isOurs, provenanceKeys, type Tags } from '@ec2-image/provenance';
import type { ImageFact, SnapshotFact } from './facts.ts';
import type { Relations } from './relations.ts';

/** Where the values of missing tags are looked up. */
type Relatives = Pick<Relations, 'proofs' | 'snapshotOf' | 'imagesOf'>;

const provenanceTagKeys: readonly string[] = Object.values(provenanceKeys);

/** The tags that an AMI created by ec2-image should carry, with their values as its snapshots and their import tasks tell them. */
export function wantedImageTags(image: ImageFact, { proofs, snapshotOf }: Relatives): Record<string, string> {
  const sources = sourcesOf(image, { proofs, snapshotOf });
  // The user's own tags go to AMI and snapshot alike: an AMI without any provenance lost them with the rest.
  const extra = isOurs(image.tags) ? undefined : sources.find((tags) => tags.Name === image.name);
  return {
    ...(extra && ownTags(extra)),
    ...provenanceFor(image.tags, sources),
    Name: image.name,
    // A `tag` of the configuration may say otherwise: whatever it is, it stays.
    automation: image.tags.automation ?? 'false',
  };
}

/** The provenance that an AMI of this digest should carry. */
export function provenanceOfImage(
  image: ImageFact,
  { digest, relations }: { readonly digest: string; readonly relations: Relatives },
): Record<string, string> {
  return provenanceFor({ [provenanceKeys.sourceDigest]: digest }, sourcesOf(image, relations));
}

function sourcesOf(
  image: ImageFact,
  { proofs, snapshotOf }: Pick<Relatives, 'proofs' | 'snapshotOf'>,
): Tags[] {
  return (
    image.snapshotIds
      .map((id) => snapshotOf(image.region, id))
      .filter((snapshot) => snapshot !== undefined)
      // Tags that a copy took over describe another snapshot.
      .flatMap((snapshot) => [
        proofs.whyForeign(snapshot) === undefined ? snapshot.tags : {},
        proofs.taskOf(snapshot)?.tags ?? {},
      ])
  );
}

/** The tags that a snapshot created by ec2-image should carry, as its task and its AMIs tell them. Its `Name` is that of its first AMI. */
export function wantedSnapshotTags(
  snapshot: SnapshotFact,
  { proofs, imagesOf }: Relatives,
): Record<string, string> {
  const images = imagesOf(snapshot).toSorted(
    (a, b) => (a.createdAt ?? Number.POSITIVE_INFINITY) - (b.createdAt ?? Number.POSITIVE_INFINITY),
  );
  const taskTags = proofs.taskOf(snapshot)?.tags ?? {};
  const name = images[0]?.name ?? taskTags.Name;
  return {
    ...provenanceFor(snapshot.tags, [
      taskTags,
      ...images.map((image) => (proofs.whyForeign(image) === undefined ? image.tags : {})),
    ]),
    ...(name !== undefined && { Name: name }),
  };
}

/** What of `wanted` has no value at all. */
export function missingOf(tags: Tags, wanted: Tags): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([key]) => tags[key] === undefined));
}

/** The provenance of the first source that has it whole and, where the resource names its digest already, speaks of that one. */
function provenanceFor(tags: Tags, sources: readonly Tags[]): Record<string, string> {
  const digest = tags[provenanceKeys.sourceDigest];
  const source = sources.find(
    (candidate) =>
      isOurs(candidate) && (digest === undefined || candidate[provenanceKeys.sourceDigest] === digest),
  );
  return Object.fromEntries(Object.entries(source ?? {}).filter(([key]) => provenanceTagKeys.includes(key)));
}

function ownTags(tags: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).filter(([key]) => !key.startsWith('aws:') && !provenanceTagKeys.includes(key)),
  );
}
