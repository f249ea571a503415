import {
  copyOfKey,
  type Digest,
  digestAlgorithm,
  digestHex,
  isAmiName,
  parseObjectKey,
  provenanceKeys,
  readProvenance,
  type Tags,
} from '@ec2-image/provenance';
import type { Facts, ImageFact, SnapshotFact } from '../facts.ts';
import type { Context } from './context.ts';
import type { Suggestion } from './keep.ts';

/**
 * The command that makes the missing AMI, and no other: it names the leftover's URL and digest, so that a configuration
 * which means another image by now changes neither what is registered nor what its tags say. Undefined where tags and task do not tell name, digest and URL. What else is
 * unknown stands as a word in capitals, which `import` refuses.
 */
export function importSuggestion(
  snapshot: SnapshotFact,
  { facts, policy, proofs }: Pick<Context, 'facts' | 'policy' | 'proofs'>,
): Suggestion | undefined {
  const task = proofs.taskOf(snapshot);
  const tags: Tags = { ...task?.tags, ...snapshot.tags };
  const { region } = snapshot;
  return suggestImport(
    {
      tags,
      region,
      amiName: tags.Name ?? nameInKey(task?.key, facts),
      via: isWritten(snapshot) ? 'ebs' : 's3',
      bucket: task?.bucket,
    },
    { facts, policy },
  );
}

/** By EBS direct, or copied from one that was. */
function isWritten({ origin }: SnapshotFact): boolean {
  return origin.kind === 'written' || (origin.kind === 'copied' && !origin.isImported);
}

/** What an import has made that is not an AMI yet. */
export interface Begun {
  /** Its provenance. */
  readonly tags: Tags;
  readonly region: string;
  readonly amiName: string;
  /** Undefined: what the configuration says. */
  readonly via?: 's3' | 'ebs';
  /** Undefined: what an AMI of the same image tells. */
  readonly architecture?: string;
  /** That it goes through; undefined where nothing says so. */
  readonly bucket?: string;
}

/** See {@link importSuggestion}. Undefined, too, where another AMI has the name: then no `import` can make this one. */
export function suggestImport(
  begun: Begun,
  { facts, policy }: Pick<Context, 'facts' | 'policy'>,
): Suggestion | undefined {
  return isNameTaken(begun, facts) ? undefined : importOf(begun, { facts, policy });
}

/** The command that waits for an AMI that is on its way, replaces one that has failed, or continues the copies of one. */
export function suggestForImage(
  image: ImageFact,
  { facts, policy }: Pick<Context, 'facts' | 'policy'>,
): Suggestion | undefined {
  const { tags, architecture } = image;
  const isCopy = tags[copyOfKey] !== undefined;
  // Only the configuration says where copies are to be.
  if (isCopy && !policy.names.includes(tags[provenanceKeys.name] ?? '')) return undefined;
  const imported = isCopy ? sourceOf(image, facts) : image;
  if (!imported) return undefined;
  const { region, name: amiName, snapshotIds } = imported;
  const snapshot = facts.snapshots.find(
    (one) => one.region === region && snapshotIds.includes(one.snapshotId),
  );
  const via = snapshot && (isWritten(snapshot) ? 'ebs' : 's3');
  return importOf({ tags, region, amiName, via, architecture }, { facts, policy });
}

/** The AMI that a copy was made of, whose region is the one of its import; undefined where that region is not looked in. */
function sourceOf({ tags }: ImageFact, { images }: Facts): ImageFact | undefined {
  const source = tags[copyOfKey]?.split(' ')[0];
  return images.find(({ imageId }) => imageId === source);
}

/**
 * The same for an incomplete upload, of which nothing but the key says what it is: an image of the configuration has to
 * be named. Undefined where there is no configuration.
 *
 * @param options.name of the image whose AMI is named so; undefined: none that is known
 */
export function suggestForUpload(
  { amiName, region }: Pick<Begun, 'amiName' | 'region'>,
  { name, policy }: Pick<Context, 'policy'> & { readonly name: string | undefined },
): Suggestion | undefined {
  if (policy.names.length === 0 || !isAmiName(amiName)) return undefined;
  return commandOf(
    [name ?? 'NAME'],
    [
      ['--ami-name', amiName],
      ['--region', region],
    ],
  );
}

/** By its tags, and by the AMI's whole name: no part of a name says anything. */
function importOf(
  begun: Begun,
  { facts, policy }: Pick<Context, 'facts' | 'policy'>,
): Suggestion | undefined {
  const { tags, region, amiName } = begun;
  const provenance = readProvenance(tags);
  const name = tags[provenanceKeys.name];
  if (!provenance || name === undefined || !isAmiName(amiName)) return undefined;
  const { digest, sourceUrl } = provenance;
  if (sourceUrl === undefined || sourceUrl.length >= shortestCutUrl) return undefined;
  const architecture = begun.architecture ?? architectureOf(digest, facts);
  const image: Flags = [
    ['--url', sourceUrl],
    ['--ami-name', amiName],
    [`--${digestAlgorithm(digest)}`, digestHex(digest)],
    ...wayOf(begun),
    ['--region', region],
  ];
  if (policy.names.includes(name)) {
    return commandOf([name], [...image, ...(architecture ? [['--arch', architecture] as const] : [])]);
  }
  return commandOf(
    [],
    [
      ['--name', name],
      ...image,
      ['--arch', architecture ?? 'ARCH'],
      ...(begun.via === 'ebs' ? [] : [['--bucket', bucketFor(begun, facts)] as const]),
    ],
  );
}

type Flags = readonly (readonly [flag: string, value: string])[];

/** Undefined where a value could not be pasted, or would be taken for an option: tags may hold anything. */
function commandOf(names: readonly string[], flags: Flags): Suggestion | undefined {
  const values = [...names, ...flags.map(([, value]) => value)];
  return values.every((value) => /^[\x20-\x7e]+$/.test(value) && !value.startsWith('-'))
    ? ['import', ...names, ...flags.flat()]
    : undefined;
}

function isNameTaken({ amiName, region }: Begun, { images }: Facts): boolean {
  return images.some(
    (image) => image.region === region && image.name === amiName && image.state !== 'deregistered',
  );
}

/** A URL that is as long as a tag may be has lost its end. */
const shortestCutUrl = 255;

/** Empty where the key is none of ec2-image's. */
export function nameInKey(key: string | undefined, facts: Pick<Facts, 'prefixes'>): string {
  return readKey(key, facts)?.amiName ?? '';
}

/** Undefined where the key is none of ec2-image's. */
export function readKey(key: string | undefined, { prefixes }: Pick<Facts, 'prefixes'>) {
  return prefixes.map((prefix) => parseObjectKey(key ?? '', { prefix })).find((read) => read !== undefined);
}

/** The way that finds this very snapshot. */
function wayOf({ via, tags }: Begun): Flags {
  if (via === undefined) return [];
  if (via === 'ebs') return [['--via', 'ebs']];
  const format = tags[provenanceKeys.diskFormat];
  return [['--via', 's3'], ...(format === undefined ? [] : [['--format', format] as const])];
}

/** Only an AMI of the same image tells: a name may stand for several architectures. */
function architectureOf(digest: Digest, { images }: Facts): string | undefined {
  const found = new Set(
    images
      .filter(({ tags, foreignOrigin }) => !foreignOrigin && readProvenance(tags)?.digest === digest)
      .flatMap(({ architecture }) => architecture ?? []),
  );
  return found.size === 1 ? [...found][0] : undefined;
}

function bucketFor({ region, bucket }: Begun, { buckets }: Facts): string {
  return bucket ?? buckets.find((candidate) => candidate.region === region)?.bucket ?? 'BUCKET';
}
