import { amiNameOf, isOurs, provenanceKeys, type Tags } from '@ec2-image/provenance';
import { type Facts, type Gap, type ImageFact, idOf, inRegion, type SnapshotFact } from '../facts.ts';
import { type Relations, relationsOf } from '../relations.ts';
import { missingOf, wantedImageTags, wantedSnapshotTags } from './missing-tags.ts';

export interface TagFixRequest {
  /** AMIs to look at; undefined: all that are ours. */
  readonly imageIds?: readonly string[];
  /** Together with `suffix` they stand for the proof that an AMI of `imageIds` lacks, and name it. */
  readonly name?: string;
  readonly suffix?: string;
}

/** What one AMI or snapshot lacks. */
export interface TagFix {
  readonly kind: 'ami' | 'snapshot';
  readonly region: string;
  readonly id: string;
  /** A predicate: "is tagged …". */
  readonly proof: string;
  readonly before: Tags;
  /** Empty where nothing is missing. */
  readonly add: Tags;
  /** Tags with another value than they should have: reported, never overwritten. */
  readonly conflicts: readonly { readonly key: string; readonly value: string; readonly wanted: string }[];
}

export interface TagFixPlan {
  readonly version: 1;
  readonly account: string;
  readonly regions: readonly string[];
  /** One for each AMI and snapshot that was looked at. */
  readonly fixes: readonly TagFix[];
  /** AMIs that were named and are left alone. */
  readonly refusals: readonly { readonly id: string; readonly reason: string }[];
  readonly gaps: readonly Gap[];
}

/**
 * Decides which tags to add. Pure.
 *
 * @throws ProvenanceError `BAD_AMI_NAME` where name and suffix make none
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

  for (const image of imagesToFix(facts, request, refusals)) {
    const proof =
      relations.proofs.image(image) ?? (given === undefined ? undefined : `was named as ${given}`);
    if (proof === undefined) {
      if (request.imageIds) refusals.push({ id: image.imageId, reason: noProof(image, facts) });
      continue;
    }
    add(fixOfImage(image, { given, proof, relations }));
    for (const id of image.snapshotIds) {
      const snapshot = relations.snapshotOf(image.region, id);
      // A snapshot that nothing proves was not made by us, even if an AMI of ours has it: a user's data disk, say.
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
      refusals.push({ id, reason: `it is not among this account's own AMIs in ${facts.regions.join(', ')}` });
    }
    return image ?? [];
  });
}

interface FixContext {
  readonly given?: string;
  readonly proof: string;
  readonly relations: Relations;
}

function fixOfImage(image: ImageFact, { given, proof, relations }: FixContext): TagFix {
  const wanted: Tags = { ...wantedImageTags(image, relations), ...(given !== undefined && { Name: given }) };
  const digest = digestOfSnapshots(image, relations);
  const checked: Tags = {
    Name: wanted.Name!,
    automation: wanted.automation!,
    ...(digest !== undefined && { [provenanceKeys.sourceDigest]: digest }),
  };
  return {
    ...fix(image, { before: image.tags, wanted, proof }),
    conflicts: Object.entries(checked).flatMap(([key, value]) => {
      const has = image.tags[key];
      return has === undefined || has === value ? [] : [{ key, value: has, wanted: value }];
    }),
  };
}

/** On a snapshot only absence counts: several AMIs may share it, each with a name of its own. */
function fixOfSnapshot(snapshot: SnapshotFact, { given, proof, relations }: FixContext): TagFix {
  const wanted = { ...(given !== undefined && { Name: given }), ...wantedSnapshotTags(snapshot, relations) };
  return fix(snapshot, { before: snapshot.tags, wanted, proof });
}

function fix(
  thing: ImageFact | SnapshotFact,
  { before, wanted, proof }: { readonly before: Tags; readonly wanted: Tags; readonly proof: string },
): TagFix {
  return {
    kind: thing.kind,
    region: thing.region,
    id: idOf(thing),
    proof,
    before,
    add: missingOf(before, wanted),
    conflicts: [],
  };
}

/** The digest that the AMI's snapshots agree on. */
function digestOfSnapshots(image: ImageFact, { snapshotOf }: Relations): string | undefined {
  const digests = new Set(
    image.snapshotIds.flatMap((id) => {
      const tags = snapshotOf(image.region, id)?.tags ?? {};
      return isOurs(tags) ? [tags[provenanceKeys.sourceDigest]] : [];
    }),
  );
  return digests.size === 1 ? [...digests][0] : undefined;
}

function noProof(image: ImageFact, { buckets, prefixes }: Facts): string {
  const places = buckets.flatMap(({ bucket }) => prefixes.map((prefix) => `s3://${bucket}/${prefix}`));
  return [
    `nothing proves that it is ours: looked for the tag ${provenanceKeys.sourceDigest} on it and on`,
    image.snapshotIds.length > 0 ? image.snapshotIds.join(', ') : 'its snapshots (it has none)',
    'and for an import task of the last week with that tag',
    places.length > 0
      ? `or reading from ${places.join(' or ')}`
      : '(no --bucket was named to look for tasks reading from it)',
  ].join(' ');
}
