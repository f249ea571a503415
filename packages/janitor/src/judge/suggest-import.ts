import {
  parseAmiName,
  parseDigest,
  parseObjectKey,
  provenanceKeys,
  readProvenance,
} from '@ec2-image/provenance';
import type { SnapshotFact } from '../facts.ts';
import type { Context } from './context.ts';
import type { Suggestion } from './keep.ts';

/**
 * The command that would make the missing AMI, as far as tags and task tell: what they don't say stands as a word
 * in capitals.
 */
export function importSuggestion(
  snapshot: SnapshotFact,
  { facts, policy, proofs }: Pick<Context, 'facts' | 'policy' | 'proofs'>,
): Suggestion {
  const task = proofs.taskOf(snapshot);
  const tags = { ...task?.tags, ...snapshot.tags };
  const inKey = facts.prefixes
    .map((prefix) => parseObjectKey(task?.key ?? '', { prefix })?.amiName)
    .find((name) => name !== undefined);
  const named = parseAmiName(tags.Name ?? inKey ?? '');
  const name = named?.name ?? 'NAME';
  const suffix = ['--suffix', named?.suffix ?? 'SUFFIX'];
  const region = ['--region', snapshot.region];
  if (policy.names.includes(name)) return ['import', name, ...suffix, ...region];
  const digest = parseDigest(tags[provenanceKeys.sourceDigest] ?? '');
  const sibling = facts.images.find(
    (image) => image.region === snapshot.region && parseAmiName(image.name)?.name === name,
  );
  const bucket =
    task?.bucket ??
    facts.buckets.find((candidate) => candidate.region === snapshot.region)?.bucket ??
    'BUCKET';
  return [
    'import',
    ...['--name', name],
    ...suffix,
    ...['--url', readProvenance(tags)?.sourceUrl ?? 'URL'],
    ...(digest ? [`--${digest.slice(0, 6)}`, digest.slice(7)] : ['--checksum-url', 'URL']),
    ...['--arch', sibling?.architecture ?? 'ARCH'],
    ...['--bucket', bucket],
    ...(tags[provenanceKeys.diskFormat] ? ['--format', tags[provenanceKeys.diskFormat]!] : []),
    ...region,
  ];
}
