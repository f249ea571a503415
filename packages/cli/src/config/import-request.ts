import type { ProofExtent } from '@ec2-image/provenance';
import { UsageError } from '../errors/cli-error.ts';
import type { architectures } from '../options/groups/image.ts';
import type { converters, ways } from '../options/groups/way.ts';
import { show } from '../options/kinds/kind.ts';
import { didYouMean } from '../options/suggest.ts';
import type { ImageSettings } from '../options/table.ts';
import { type AmiNaming, amiNamingOf } from './ami-naming.ts';
import { type AmiSettings, amiSettingsOf } from './ami-settings.ts';
import { architectureOf, fileNamesOf } from './architecture.ts';
import { bootTestOf, type RequestedBootTest } from './boot-test.ts';
import { checkName } from './check-image.ts';
import { type ChecksumSettings, checksumOf, type PublishedChecksum } from './checksum.ts';
import { requireDistinctNames } from './distinct-names.ts';
import { requireDistinctParameters } from './distinct-parameters.ts';
import { encryptionOf, type RequestedEncryption } from './encryption.ts';
import { defaultConfigFile } from './find-config.ts';
import { label, located, type Origin } from './origin.ts';
import { type PublishSettings, publishSettingsOf } from './publish-settings.ts';
import type { ConfigFile } from './read-config.ts';
import { milliseconds, type S3Settings, type Setting, s3Settings, withoutS3 } from './s3-settings.ts';
import { type Session, sessionOf } from './session.ts';
import { type Trust, type TrustSettings, trustOf } from './trust.ts';
import { type SourceSettings, sourceKeys, sourceSettings, type Wanted, wantedOf } from './wanted-image.ts';

/** One image to bring into one region, once it is known which file it is. */
export interface ImportRequest extends RequestedImport {
  readonly urls: readonly string[];
  readonly checksum: PublishedChecksum;
}

/** One image to bring into one region: everything known that can be known before anything is fetched. */
export interface RequestedImport extends S3Settings, AmiNaming {
  readonly name: string;
  /** Mirrors of one file, in order of preference. Undefined where the image has to be found first. */
  readonly urls?: readonly string[];
  /** Undefined where it has to be found first. */
  readonly checksum?: PublishedChecksum;
  /** How to find the image; stays when it is found. */
  readonly wanted?: Wanted;
  readonly architecture: (typeof architectures)[number];
  /** Whose account, and which region of it. */
  readonly session: Session;
  readonly ami: AmiSettings;
  /** Undefined: the AMI is not tested. */
  readonly bootTest?: RequestedBootTest;
  /** Undefined: the account decides. */
  readonly encryption?: RequestedEncryption;
  /** How the AMI is published; undefined where nothing asks for that. */
  readonly publish?: PublishSettings;
  readonly pollIntervalMs?: number;
  readonly maxDiskSizeBytes?: number;
  readonly decompressionMemoryBytes?: number;
  /** To one server, for one download. */
  readonly connections: number;
  readonly via: (typeof ways)[number];
  /** How much of the image is read to prove the snapshot. */
  readonly proof: ProofExtent;
  readonly keepFiles: boolean;
  readonly verify: boolean;
  /** By way of EBS: whether what was never written in the source is left out of the snapshot. */
  readonly converter: (typeof converters)[number];
  readonly omitHoles: boolean;
  /** Of `verify`: blocks of zeros may be absent from the snapshot, whoever made it. */
  readonly allowAbsent: boolean;
  readonly fresh: boolean;
  readonly replace: boolean;
  readonly allowInsecureChecksum: boolean;
  readonly allowUnbootable: boolean;
  /** Undefined where no keyring is given: then signatures are ignored. */
  readonly trustSettings?: TrustSettings;
  /** The same, once the keyring was read: see `openTrust`. */
  readonly trust?: Trust;
  /** What it was made from, for the configuration that reproduces it. */
  readonly given: GivenSettings;
}

export interface GivenSettings {
  readonly flags: ImageSettings;
  readonly file?: ConfigFile;
  /** The file describes it under `images:`; otherwise the flags do. */
  readonly isOfFile: boolean;
}

export interface Requested {
  /** By flags: one image of this name. */
  readonly flagName?: string;
  /** Of the command line and the environment. */
  readonly flags: ImageSettings;
  /** Of the file; none means all of them. */
  readonly names: readonly string[];
  readonly file?: ConfigFile;
}

/**
 * What to import: the one image that the flags describe, or those of the file. A flag wins over the image's entry,
 * which wins over the top of the file; `--url` over the entry of one image that is named. Of the file, only what these
 * images use is read.
 *
 * @throws UsageError naming the flag, or the file's line
 */
export function importRequests({ flagName, flags, names, file }: Requested): RequestedImport[] {
  const images = file?.config.images ?? {};
  if (isOneByFlags({ flagName, flags, names, file })) {
    if (names.length > 0) {
      throw new UsageError(
        'USAGE',
        `--name and --url cannot be combined with names of the file (${names.join(', ')})`,
        {
          hint: 'Give one image by options, or name images of the file.',
        },
      );
    }
    const one = request(flagName, [flags, file?.config ?? {}], { flags, file, isOfFile: false }, {});
    requireDistinctParameters([one]);
    return [one];
  }
  if (!file || Object.keys(images).length === 0) throw nothingToImport(names, file);
  const unknown = names.find((name) => !Object.hasOwn(images, name));
  if (unknown !== undefined) {
    const known = Object.keys(images);
    throw new UsageError(
      'UNKNOWN_IMAGE',
      `${file.path} has no image ${show(unknown)}${didYouMean(unknown, known)}`,
      { hint: `It has: ${known.join(', ')}.` },
    );
  }
  const requests = (names.length > 0 ? [...new Set(names)] : Object.keys(images)).map((name) =>
    request(
      name,
      [flags, images[name]!, file.config],
      { flags, file, isOfFile: true },
      { file, path: ['images', name] },
    ),
  );
  requireDistinctNames(requests);
  requireDistinctParameters(requests);
  return requests;
}

/** An option that describes one image is one image's, unless a file says what the images are. */
export function isOneByFlags({ flagName, flags, names, file }: Requested): boolean {
  if (flagName !== undefined || (sourceKeys.some((key) => flags[key] !== undefined) && names.length !== 1))
    return true;
  const { 'checksum-url': checksumUrl, sha256, sha512, arch } = flags;
  const describes = [checksumUrl, sha256, sha512, arch].some((value) => value !== undefined);
  return describes && file === undefined && names.length === 0;
}

function nothingToImport(names: readonly string[], file: ConfigFile | undefined): UsageError {
  const what = names.length > 0 ? `cannot import ${names.join(', ')}` : 'nothing to import';
  const why = file ? `${file.path} names no images` : `./${defaultConfigFile} not found`;
  return new UsageError('NOTHING_TO_IMPORT', `${what}: ${why} and no --url given`, {
    hint: 'Give --name, --url, --checksum-url, --arch and --bucket, or write images: into ec2-image.yaml.',
  });
}

/** The first of the layers counts that has the key; the others are not read. */
function request(
  name: string | undefined,
  layers: readonly ImageSettings[],
  given: GivenSettings,
  origin: Origin,
): RequestedImport {
  const setting: Setting = (key) => layers.find((layer) => isIn(layer, key))?.[key];
  const source = sourceSettings(layers, isIn, origin);
  const isFound = source !== undefined && source.key !== 'url';
  // What is known of another file says nothing of the newest.
  const checksums = checksumSettings(isFound ? layers.slice(0, source.layer + 1) : layers);
  const via = setting('via') ?? 's3';
  const has = (key: keyof ImageSettings) => layers.some((layer) => isIn(layer, key));
  const names = () => imageNames({ source, checksums });
  const isArchKnown = has('arch') || (source && architectureOf({ names: names() }, origin) !== undefined);
  const missing = [
    ...(name === undefined ? ['--name'] : []),
    ...(source ? [] : [named('url', origin)]),
    ...(checksums || isFound ? [] : [`${named('checksum-url', origin)} (or ${named('sha256', origin)})`]),
    ...(isArchKnown ? [] : [named('arch', origin)]),
    ...(via !== 's3' || has('bucket') ? [] : [named('bucket', origin)]),
  ];
  if (name === undefined || missing.length > 0) throw missingSettings(missing, origin);
  const architecture = architectureOf({ given: setting('arch'), names: names() }, origin)!;
  const { suffix, amiNameTemplate } = amiNamingOf(setting, given.flags);
  checkName({ name, suffix, arch: architecture }, amiNameTemplate, origin);
  const session = sessionOf(setting);
  const encryption = encryptionOf({ encrypt: setting('encrypt'), kmsKey: setting('kms-key') }, origin);
  return {
    name,
    ...(isFound
      ? { wanted: wantedOf(source, { setting, checksums }, origin) }
      : { urls: source!.value as string[] }),
    ...(checksums &&
      !(isFound && checksums['checksum-url'] !== undefined) && { checksum: checksumOf(checksums, origin) }),
    architecture,
    session,
    suffix,
    amiNameTemplate,
    ami: amiSettingsOf(setting, { architecture, via }, origin),
    bootTest: bootTestOf(setting('boot-test')),
    encryption,
    publish: publishSettingsOf(setting, { encryption, region: session.region }, origin),
    pollIntervalMs: milliseconds(setting('poll-interval')),
    maxDiskSizeBytes: setting('max-disk-size'),
    decompressionMemoryBytes: setting('decompression-memory'),
    connections: setting('connections') ?? 4,
    via,
    proof: setting('proof') ?? 'full',
    ...(via === 's3' ? s3Settings(setting) : withoutS3),
    converter: setting('converter') ?? 'auto',
    omitHoles: via === 'ebs' && (setting('omit-holes') ?? false),
    keepFiles: setting('keep-files') ?? false,
    verify: setting('verify') ?? false,
    allowAbsent: setting('allow-absent') ?? false,
    fresh: setting('fresh') ?? false,
    replace: setting('replace') ?? false,
    allowInsecureChecksum: setting('allow-insecure-checksum') ?? false,
    allowUnbootable: setting('allow-unbootable') ?? false,
    trustSettings: trustOf(
      { keyring: setting('keyring'), 'signature-url': setting('signature-url') },
      origin,
    ),
    given,
  };
}

/** What the image's file is called, where it comes from and where it is listed. */
function imageNames({
  source,
  checksums,
}: {
  readonly source?: SourceSettings;
  readonly checksums?: ChecksumSettings;
}): string[] {
  const urls = source?.key === 'url' || source?.key === 'latest-url' ? source.value : [];
  const entry = checksums?.['checksum-entry'];
  return [...[urls].flat().flatMap(fileNamesOf), ...(entry === undefined ? [] : [entry])];
}

/** Those of the first layer that has any of them: `--sha256` wins over the file's `checksum-url`. */
function checksumSettings(layers: readonly ImageSettings[]): ChecksumSettings | undefined {
  const layer = layers.find((one) => checksumKeys.some((key) => isIn(one, key)));
  if (!layer) return undefined;
  const checksum = Object.fromEntries(checksumKeys.map((key) => [key, layer[key]]));
  const entryLayer =
    checksum['checksum-url'] === undefined ? layer : layers.find((one) => isIn(one, 'checksum-entry'));
  return { ...checksum, 'checksum-entry': entryLayer?.['checksum-entry'] };
}

const checksumKeys = ['checksum-url', 'sha256', 'sha512'] as const;

/** Without reading it. */
function isIn(layer: ImageSettings, key: keyof ImageSettings): boolean {
  const property = Object.getOwnPropertyDescriptor(layer, key);
  return property !== undefined && (property.get !== undefined || property.value !== undefined);
}

function missingSettings(missing: readonly string[], origin: Origin): UsageError {
  const list = missing.join(', ');
  if (origin.file) {
    return located('MISSING_SETTING', `${label(origin)}missing required keys: ${list}`, origin, {
      hint: 'Add them there, at the top of the file where they hold for every image, or as options.',
    });
  }
  return new UsageError('MISSING_SETTING', `missing required options: ${list}`, {
    hint: missing.includes('--name')
      ? 'An image that is given by options or variables needs a name: the AMI is named <name>-i<suffix>.'
      : 'See `ec2-image import --help`.',
  });
}

function named(key: string, { file }: Origin): string {
  return file ? key : `--${key}`;
}
