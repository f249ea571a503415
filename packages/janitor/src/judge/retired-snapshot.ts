import { retiredKey } from '@ec2-image/provenance';
import type { ImageFact, SnapshotFact } from '../facts.ts';
import { streamNameOf } from '../relations.ts';
import type { Context } from './context.ts';
import type { Verdict } from './keep.ts';
import { examinedSnapshot, heldSnapshot } from './snapshot.ts';

/**
 * A snapshot goes with its retired AMI, or after a run that ended between the two. Undefined for all others, and for what
 * is not provably ec2-image's.
 */
export function judgeRetiredSnapshot(
  snapshot: SnapshotFact,
  context: Context,
  { leaves }: { readonly leaves: (image: ImageFact) => boolean },
): Verdict | undefined {
  const { policy, proofs, imagesOf } = context;
  const proof = proofs.snapshot(snapshot);
  const images = imagesOf(snapshot);
  const isRetired =
    snapshot.tags[retiredKey] !== undefined &&
    policy.retain?.some(({ name }) => name === streamNameOf(snapshot)) === true;
  if (proof === undefined || !(isRetired || images.some(leaves))) return undefined;
  return (
    heldSnapshot(snapshot, context, { leaves }) ??
    // Being shared alone does not keep what is retired.
    examinedSnapshot(snapshot, { proof, context, sharingHolds: false })
  );
}
