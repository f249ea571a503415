import type { Tags } from '@ec2-image/provenance';
import { type ImageFact, idOf, type SnapshotFact } from '../facts.ts';
import { missingOf } from '../missing-tags.ts';

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
  /** Own tags to overwrite, with their right values. Empty without `force`. */
  readonly replace: Tags;
  /** Tags with another value than they should have: reported, and left as they are. */
  readonly conflicts: readonly { readonly key: string; readonly value: string; readonly wanted: string }[];
}

/** What of `wanted` the resource has no value for. */
export function fix(
  resource: ImageFact | SnapshotFact,
  { before, wanted, proof }: { readonly before: Tags; readonly wanted: Tags; readonly proof: string },
): TagFix {
  return {
    kind: resource.kind,
    region: resource.region,
    id: idOf(resource),
    proof,
    before,
    add: missingOf(before, wanted),
    replace: {},
    conflicts: [],
  };
}
