import {
  bootTestKey,
  isSufficientProof,
  type ProofExtent,
  readProof,
  type Tags,
} from '@ec2-image/provenance';

/** What must be known of an AMI before anybody but its owner may have it. */
export interface PublishDemands {
  /** The AMI's own must be at least this. */
  readonly proof: ProofExtent;
  /** Whether a boot test must have passed; one that has failed is never published. */
  readonly needsBootTest: boolean;
}

/** Why an AMI with these tags is neither shared nor announced, as a clause; undefined where it may be. */
export function whyNotPublishable(tags: Tags, { proof, needsBootTest }: PublishDemands): string | undefined {
  const [found, tested] = [readProof(tags) ?? 'none', tags[bootTestKey]];
  if (!isSufficientProof(found, proof)) return `its proof is "${found}", and ${proof} is asked for`;
  if (tested === 'failed') return 'its boot test has failed';
  return needsBootTest && tested !== 'passed'
    ? 'no boot test has passed, and the configuration asks for one'
    : undefined;
}

/** The hint for an AMI that is not publishable, or not there. */
export function whatPublishes(
  tags: Tags = {},
  { needsBootTest }: Pick<PublishDemands, 'needsBootTest'> = { needsBootTest: false },
): string {
  // An import of its own accord tests nothing again.
  const command = tags[bootTestKey] === 'failed' && !needsBootTest ? 'import --boot-test true' : 'import';
  return `Run \`ec2-image ${command}\` with the same configuration: it makes, proves or tests the AMI, and publishes it.`;
}
