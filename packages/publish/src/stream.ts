import { provenanceKeys, type Tags } from '@ec2-image/provenance';

/** The image's name in the configuration, and the architecture. */
export function streamOf({
  tags,
  architecture = 'unknown',
}: {
  readonly tags: Tags;
  readonly architecture?: string;
}): string {
  return `${tags[provenanceKeys.name] ?? 'none'} ${architecture}`;
}
