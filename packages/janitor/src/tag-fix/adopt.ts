import {
  amiTags,
  type Digest,
  type DiskFormat,
  parseAmiName,
  provenanceTags,
  type Tags,
} from '@ec2-image/provenance';
import type { ImageFact, SnapshotFact } from '../facts.ts';
import type { Relations } from '../relations.ts';
import { fix, type TagFix } from './tag-fix.ts';

/** What its user says of AMIs that were imported by hand, all from one image. */
export interface Adoption {
  readonly digest: Digest;
  readonly sourceUrl: string;
  readonly diskFormat: DiskFormat;
  /** Of ec2-image. */
  readonly version: string;
}

export type Adopted =
  | { readonly fixes: readonly TagFix[] }
  /** A predicate: "is a copy of …". */
  | { readonly refusal: string };

/**
 * The provenance that makes an AMI and its snapshot known to later imports, with the name that its own name begins with.
 * Nothing has been proven yet, and the tags say so: an import that finds the AMI reads its snapshot first.
 *
 * @returns a refusal for an AMI that no import finds even so: by its name, or by where it or its snapshot comes from
 */
export function adopt(image: ImageFact, adoption: Adoption, { proofs, snapshotOf }: Relations): Adopted {
  const parts = parseAmiName(image.name);
  if (!parts) return { refusal: `is named ${image.name}, and not <name>-i<suffix>` };
  const [snapshotId, another] = image.snapshotIds;
  if (snapshotId === undefined || another !== undefined)
    return { refusal: `has ${image.snapshotIds.length} snapshots, and an import makes one` };
  const snapshot = snapshotOf(image.region, snapshotId);
  if (!snapshot) return { refusal: `was made from ${snapshotId}, which is not among this account's own` };
  const tags = provenanceTags({
    ...adoption,
    name: parts.name,
    proof: 'none',
    startedAt: image.createdAt === undefined ? undefined : new Date(image.createdAt),
  });
  const refusal = whyNotAdopted(image, tags, proofs) ?? whyNotAdopted(snapshot, tags, proofs);
  if (refusal !== undefined) return { refusal };
  const proof = `was named together with its image, ${adoption.digest}`;
  return {
    fixes: [
      fix(image, {
        before: image.tags,
        wanted: { ...amiTags({ amiName: image.name }), ...tags },
        proof,
      }),
      fix(snapshot, { before: snapshot.tags, wanted: { Name: image.name, ...tags }, proof }),
    ],
  };
}

/** A predicate of the AMI; undefined where these tags will make the resource one of ec2-image's. */
function whyNotAdopted(
  resource: ImageFact | SnapshotFact,
  tags: Tags,
  { whyForeign }: Relations['proofs'],
): string | undefined {
  const { tags: before } = resource;
  const other = Object.keys(tags).find((key) => before[key] !== undefined && before[key] !== tags[key]);
  const reason =
    other === undefined
      ? whyForeign({ ...resource, tags: { ...before, ...tags } })
      : `is tagged ${other}=${before[other]}`;
  if (reason === undefined || resource.kind === 'ami') return reason;
  return `was made from ${resource.snapshotId}, which ${reason}`;
}
