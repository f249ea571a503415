import {
  amiNameOf,
  type Digest,
  digestAlgorithm,
  digestHex,
  parseObjectKey,
  provenanceKeys,
  readProvenance,
  type Tags,
} from '@ec2-image/provenance';
import type { Facts, SnapshotFact } from '../facts.ts';
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
  readonly via: 's3' | 'ebs';
  /** That it goes through; undefined where nothing says so. */
  readonly bucket?: string;
}

/** See {@link importSuggestion}. */
export function suggestImport(
  begun: Begun,
  { facts, policy }: Pick<Context, 'facts' | 'policy'>,
): Suggestion | undefined {
  const { tags, region, amiName } = begun;
  const provenance = readProvenance(tags);
  const named = partsOf(amiName, tags[provenanceKeys.name]);
  if (!provenance || !named) return undefined;
  const { digest, sourceUrl } = provenance;
  if (sourceUrl === undefined || sourceUrl.length >= shortestCutUrl) return undefined;
  if (isNameTaken(amiNameOf(named), region, facts)) return undefined;
  const architecture = architectureOf(digest, facts);
  const image: Flags = [
    ['--url', sourceUrl],
    ['--suffix', named.suffix],
    [`--${digestAlgorithm(digest)}`, digestHex(digest)],
    ...wayOf(begun),
    ['--region', region],
  ];
  if (policy.names.includes(named.name)) {
    return commandOf([named.name], [...image, ...(architecture ? [['--arch', architecture] as const] : [])]);
  }
  return commandOf(
    [],
    [
      ['--name', named.name],
      ...image,
      ['--arch', architecture ?? 'ARCH'],
      ...(begun.via === 'ebs' ? [] : [['--bucket', bucketFor(begun, facts)] as const]),
    ],
  );
}

/** The same where nothing but the AMI's name is known: by the image of the configuration that has it. */
export function suggestByName(
  { amiName, region }: Pick<Begun, 'amiName' | 'region'>,
  { policy }: Pick<Context, 'policy'>,
): Suggestion | undefined {
  const named = policy.names.flatMap((name) => partsOf(amiName, name) ?? []);
  // `fedora-i4` may be the beginning of another image's name, too: the longer one is meant.
  const [longest] = named.sort((a, b) => b.name.length - a.name.length);
  return (
    longest &&
    commandOf(
      [longest.name],
      [
        ['--suffix', longest.suffix],
        ['--region', region],
      ],
    )
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

/** Then no `import` can make this AMI, unless it replaces that one. */
function isNameTaken(amiName: string, region: string, { images }: Facts): boolean {
  return images.some(
    (image) => image.region === region && image.name === amiName && image.state !== 'deregistered',
  );
}

/** A URL that is as long as a tag may be has lost its end. */
const shortestCutUrl = 255;

/** Empty where the key is none of ec2-image's. */
export function nameInKey(key: string | undefined, { prefixes }: Pick<Facts, 'prefixes'>): string {
  const names = prefixes.map((prefix) => parseObjectKey(key ?? '', { prefix })?.amiName);
  return names.find((name) => name !== undefined) ?? '';
}

/** Undefined for what is not the name of an AMI of this image: a tag may hold anything. */
function partsOf(
  amiName: string,
  name: string | undefined,
): { readonly name: string; readonly suffix: string } | undefined {
  if (name === undefined || !amiName.startsWith(`${name}-i`)) return undefined;
  const parts = { name, suffix: amiName.slice(name.length + 2) };
  try {
    return amiNameOf(parts) === amiName ? parts : undefined;
  } catch {
    return undefined;
  }
}

/** The way that finds this very snapshot. */
function wayOf({ via, tags }: Begun): Flags {
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
