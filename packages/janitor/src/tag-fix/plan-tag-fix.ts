import { amiNameOf, parseAmiName, provenanceKeys, type Tags } from '@ec2-image/provenance';
import { JanitorError } from '../errors.ts';
import { type Facts, type Gap, type ImageFact, inRegion, type SnapshotFact } from '../facts.ts';
import { provenanceOfImage, wantedImageTags, wantedSnapshotTags } from '../missing-tags.ts';
import { type Relations, relationsOf } from '../relations.ts';
import { type Adoption, adopt } from './adopt.ts';
import { fix, type TagFix } from './tag-fix.ts';

export interface TagFixRequest {
  /** AMIs to check; undefined: all that ec2-image created. */
  readonly imageIds?: readonly string[];
  /** Together with `suffix` it stands for the proof that an AMI of `imageIds` lacks; both have to make its name. */
  readonly name?: string;
  readonly suffix?: string;
  /** Makes AMIs of `imageIds` that were imported by hand known to later imports. */
  readonly adoption?: Adoption;
  /** Correct wrong values of ec2-image's own tags on AMIs, where the right value is known. Default false. */
  readonly force?: boolean;
}

export interface TagFixPlan {
  readonly version: 1;
  readonly account: string;
  readonly regions: readonly string[];
  /** One for each AMI and snapshot that was checked. */
  readonly fixes: readonly TagFix[];
  /** AMIs that were named and are left alone. */
  readonly refusals: readonly { readonly id: string; readonly reason: string }[];
  readonly gaps: readonly Gap[];
}

/**
 * Decides which tags to add. Pure.
 *
 * @throws ProvenanceError `BAD_AMI_NAME` where name and suffix make none; JanitorError `NAME_CONTRADICTS_AMI` where they
 *   do not make the name of each AMI that is given
 */
export function planTagFix(facts: Facts, request: TagFixRequest = {}): TagFixPlan {
  const relations = relationsOf(facts);
  const given =
    request.name !== undefined && request.suffix !== undefined
      ? amiNameOf(request as Required<TagFixRequest>)
      : undefined;
  const refusals: { id: string; reason: string }[] = [];
  const fixes = new Map<string, TagFix>();
  const add = (fix: TagFix) => fixes.set(inRegion(fix, fix.id), fix);

  const images = imagesToFix(facts, request, refusals);
  if (given !== undefined) checkNames(images, given);
  for (const image of images) {
    if (request.adoption && relations.proofs.image(image) === undefined) {
      const { adoption } = request;
      const adopted = adopt(image, adoption, relations);
      if ('refusal' in adopted) refusals.push({ id: image.imageId, reason: adopted.refusal });
      else adopted.fixes.forEach(add);
      continue;
    }
    const proof =
      relations.proofs.image(image) ?? (given === undefined ? undefined : `was named as ${given}`);
    if (proof === undefined) {
      if (request.imageIds) refusals.push({ id: image.imageId, reason: noProof(image, facts) });
      continue;
    }
    add(fixOfImage(image, { proof, relations, force: request.force, digest: request.adoption?.digest }));
    for (const id of image.snapshotIds) {
      const snapshot = relations.snapshotOf(image.region, id);
      // An AMI may have snapshots that ec2-image did not create, such as a user's data disk.
      const own =
        snapshot &&
        (relations.proofs.snapshot(snapshot) ??
          (given && `is in ${image.imageId}, which was named as ${given}`));
      if (snapshot && own) add(fixOfSnapshot(snapshot, { given, proof: own, relations }));
    }
  }
  if (!request.imageIds) {
    for (const snapshot of facts.snapshots) {
      const proof = relations.proofs.snapshot(snapshot);
      if (proof !== undefined && snapshot.state === 'completed')
        add(fixOfSnapshot(snapshot, { proof, relations }));
    }
  }
  return {
    version: 1,
    account: facts.account,
    regions: facts.regions,
    fixes: [...fixes.values()],
    refusals,
    gaps: facts.gaps,
  };
}

function imagesToFix(
  facts: Facts,
  { imageIds }: TagFixRequest,
  refusals: { id: string; reason: string }[],
): readonly ImageFact[] {
  if (!imageIds) return facts.images.filter(({ state }) => state === 'available');
  return [...new Set(imageIds)].flatMap((id) => {
    const image = facts.images.find(({ imageId }) => imageId === id);
    if (!image) {
      refusals.push({ id, reason: `not among this account's own AMIs in ${facts.regions.join(', ')}` });
    }
    return image ?? [];
  });
}

/** An AMI's name is its own for good: a `Name` tag that says another would be wrong. */
function checkNames(images: readonly ImageFact[], given: string): void {
  const other = images.find(({ name }) => name !== given);
  if (!other) return;
  const parts = parseAmiName(other.name);
  throw new JanitorError(
    'NAME_CONTRADICTS_AMI',
    `--name and --suffix make ${given}, but ${other.imageId} is named ${other.name}`,
    {
      hint: parts
        ? `Use the name and suffix that make it, such as --name ${parts.name} --suffix ${parts.suffix}.`
        : 'Name only AMIs that are named <name>-i<suffix>.',
      facts: { imageId: other.imageId, amiName: other.name, given },
    },
  );
}

interface FixContext {
  readonly given?: string;
  readonly force?: boolean;
  readonly proof: string;
  readonly relations: Relations;
  /** That of the image, as the user says. */
  readonly digest?: string;
}

function fixOfImage(
  image: ImageFact,
  { proof, relations, digest: given, force = false }: FixContext,
): TagFix {
  const wanted = wantedImageTags(image, relations);
  const digest = digestOfSnapshots(image, relations);
  const right: Tags = {
    Name: image.name,
    // Where the digest is that of another image, so may be everything that is said of its origin.
    ...(digest !== undefined &&
      image.tags[provenanceKeys.sourceDigest] !== digest &&
      provenanceOfImage(image, { digest, relations })),
  };
  const replace = force ? differing(image.tags, right) : {};
  const checked: Tags = {
    Name: image.name,
    ...((given ?? digest) !== undefined && { [provenanceKeys.sourceDigest]: given ?? digest }),
  };
  return {
    ...fix(image, { before: image.tags, wanted: { ...wanted, ...replace }, proof }),
    replace,
    conflicts: Object.entries(differing(image.tags, checked))
      .filter(([key]) => !(key in replace))
      .map(([key, value]) => ({ key, value: image.tags[key]!, wanted: value })),
  };
}

/** What of `right` has another value. */
function differing(tags: Tags, right: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(right).filter(([key, value]) => tags[key] !== undefined && tags[key] !== value),
  );
}

/** On a snapshot only absence counts: several AMIs may share it, each with a name of its own. */
function fixOfSnapshot(snapshot: SnapshotFact, { given, proof, relations }: FixContext): TagFix {
  const wanted = { ...(given !== undefined && { Name: given }), ...wantedSnapshotTags(snapshot, relations) };
  return fix(snapshot, { before: snapshot.tags, wanted, proof });
}

/** The digest that the AMI's snapshots agree on. */
function digestOfSnapshots(image: ImageFact, { snapshotOf, proofs }: Relations): string | undefined {
  const digests = new Set(
    image.snapshotIds.flatMap((id) => {
      const snapshot = snapshotOf(image.region, id);
      return snapshot && proofs.hasOwnMarks(snapshot) ? [snapshot.tags[provenanceKeys.sourceDigest]] : [];
    }),
  );
  return digests.size === 1 ? [...digests][0] : undefined;
}

function noProof(image: ImageFact, { buckets, prefixes }: Facts): string {
  if (image.foreignOrigin !== undefined)
    return `not identifiable as created by ec2-image: it ${image.foreignOrigin}`;
  const places = buckets.flatMap(({ bucket }) => prefixes.map((prefix) => `s3://${bucket}/${prefix}`));
  const looked = [
    `not identifiable as created by ec2-image: looked for the tag ${provenanceKeys.sourceDigest} on it and on`,
    image.snapshotIds.length > 0 ? image.snapshotIds.join(', ') : 'its snapshots (it has none)',
    'and for an import task of the last week with that tag',
    places.length > 0
      ? `or reading from ${places.join(' or ')}`
      : '(no --bucket was named to look for tasks reading from it)',
  ];
  return `${looked.join(' ')}. If it was imported by hand, --url and --sha256 of its image adopt it`;
}
