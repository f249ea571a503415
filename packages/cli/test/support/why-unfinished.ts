import { bootTestKey, readProof, readProvenance, type Tags } from '@ec2-image/provenance';

/** Why nobody may be given an AMI that ec2-image created, with these tags; undefined where it is finished, or somebody else's. */
export function whyUnfinished(tags: Tags): string | undefined {
  if (!readProvenance(tags)) return undefined;
  if (readProof(tags) === undefined) return 'is not proven';
  return tags[bootTestKey] === 'failed' ? 'has failed its boot test' : undefined;
}
