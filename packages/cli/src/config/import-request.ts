import type { ErrorCode } from '@ec2-image/explained-error';
import {
  amiNameOf,
  type Digest,
  type DiskFormat,
  digestOf,
  type ProvenanceError,
} from '@ec2-image/provenance';
import { UsageError } from '../errors.ts';
import type { ConfigFile } from './read-config.ts';
import type { architectures, bootModes, ImageSettings, ways } from './schema.ts';

/** One image to bring into one region: everything known that can be known before anything is fetched. */
export interface ImportRequest {
  readonly name: string;
  /** Mirrors of one file, in order of preference. */
  readonly urls: readonly string[];
  readonly checksum: { readonly url: string } | { readonly digest: Digest };
  readonly architecture: (typeof architectures)[number];
  readonly region?: string;
  readonly bucket?: string;
  readonly bucketOwner?: string;
  /** Undefined: the first 12 hex digits of the digest. */
  readonly suffix?: string;
  readonly format: DiskFormat;
  readonly keyPrefix: string;
  readonly bootMode?: (typeof bootModes)[number];
  readonly tags: Readonly<Record<string, string>>;
  readonly roleName?: string;
  readonly pollIntervalMs?: number;
  readonly importAttempts?: number;
  readonly importTimeoutMs?: number;
  readonly maxDiskSizeBytes?: number;
  /** To one server, for one download. */
  readonly connections: number;
  readonly via: (typeof ways)[number];
  readonly keepObject: boolean;
  readonly keepFiles: boolean;
  readonly verify: boolean;
  /** `verify` accepts a snapshot that lacks blocks of zeros, whoever made it. */
  readonly allowAbsent: boolean;
  readonly fresh: boolean;
  readonly replace: boolean;
  readonly allowInsecureChecksum: boolean;
  readonly allowUnbootable: boolean;
  /** AMIs of earlier runs in other regions, kept in what is printed. */
  readonly amis: Readonly<Record<string, string>>;
}

export const defaultKeyPrefix = 'ec2-image/';

export interface Requested {
  /** By flags: one image of this name. */
  readonly flagName?: string;
  readonly flags: ImageSettings;
  /** Of the file; none means all of them. */
  readonly names: readonly string[];
  readonly file?: ConfigFile;
}

/**
 * What to import: the one image that the flags describe, or those of the file. A flag wins over the image's entry,
 * which wins over the top of the file; `--url` over the entry of one image that is named.
 *
 * @throws UsageError naming the flag, or the file's line
 */
export function importRequests({ flagName, flags, names, file }: Requested): ImportRequest[] {
  const ofOneImage = flags.url !== undefined && names.length === 1 && flagName === undefined;
  if ((flags.url !== undefined || flagName !== undefined) && !ofOneImage) {
    if (names.length > 0) {
      throw new UsageError(
        'USAGE',
        `give one image by --name and --url, or names of the file (${names.join(', ')}): not both`,
        {
          hint: 'Leave out one of them.',
        },
      );
    }
    if (flagName === undefined)
      throw missing('--name', 'Name the image with --name: the AMI is called <name>-i<suffix>.');
    return [request(flagName, { ...sharedOf(file), ...defined(flags) }, {})];
  }
  const images = file?.config.images ?? {};
  if (!file || Object.keys(images).length === 0) {
    throw new UsageError('NOTHING_TO_IMPORT', file ? `${file.path} names no images` : 'no image is named', {
      hint: 'Give --name, --url, --checksum-url, --arch and --bucket, or write images: into ec2-image.yaml.',
    });
  }
  const unknown = names.find((name) => !Object.hasOwn(images, name));
  if (unknown !== undefined) {
    throw new UsageError('UNKNOWN_IMAGE', `${file.path} has no image ${JSON.stringify(unknown)}`, {
      hint: `It has: ${Object.keys(images).join(', ')}.`,
    });
  }
  return (names.length > 0 ? [...new Set(names)] : Object.keys(images)).map((name) =>
    request(
      name,
      { ...sharedOf(file), ...withoutOtherChecksum(defined(images[name]!), flags), ...defined(flags) },
      { file, path: ['images', name] },
    ),
  );
}

/** A checksum by flag wins over the image's, whichever way either is given. */
function withoutOtherChecksum(image: ImageSettings, flags: ImageSettings): ImageSettings {
  if (checksumKeys.every((key) => flags[key] === undefined)) return image;
  return Object.fromEntries(
    Object.entries(image).filter(([key]) => !(checksumKeys as readonly string[]).includes(key)),
  );
}

const checksumKeys = ['checksum-url', 'sha256', 'sha512'] as const;

interface Origin {
  readonly file?: ConfigFile;
  readonly path?: readonly string[];
}

function request(name: string, settings: ImageSettings, origin: Origin): ImportRequest {
  const need = <K extends keyof ImageSettings>(key: K): NonNullable<ImageSettings[K]> => {
    const value = settings[key];
    if (value === undefined) throw missing(named(key, origin), `Every image needs ${key}.`, origin);
    return value as NonNullable<ImageSettings[K]>;
  };
  const via = settings.via ?? 's3';
  const suffix = settings.suffix || undefined;
  checkName(name, suffix, origin);
  return {
    name,
    urls: [need('url')].flat(),
    checksum: checksumOf(settings, origin),
    architecture: need('arch'),
    region: settings.region,
    bucket: via === 's3' ? need('bucket') : settings.bucket,
    bucketOwner: settings['bucket-owner'],
    suffix,
    format: settings.format ?? 'vhdx',
    keyPrefix: settings['key-prefix'] ?? defaultKeyPrefix,
    bootMode: settings['boot-mode'],
    tags: tagsOf(settings, origin),
    roleName: settings['role-name'],
    pollIntervalMs: milliseconds(settings['poll-interval']),
    importAttempts: settings['import-attempts'],
    importTimeoutMs: milliseconds(settings['import-timeout']),
    maxDiskSizeBytes: settings['max-disk-size'],
    connections: settings.connections ?? 4,
    via,
    keepObject: settings['keep-object'] ?? false,
    keepFiles: settings['keep-files'] ?? false,
    verify: settings.verify ?? false,
    allowAbsent: settings['allow-absent'] ?? false,
    fresh: settings.fresh ?? false,
    replace: settings.replace ?? false,
    allowInsecureChecksum: settings['allow-insecure-checksum'] ?? false,
    allowUnbootable: settings['allow-unbootable'] ?? false,
    amis: settings.amis ?? {},
  };
}

/** @throws UsageError `CHECKSUM_TWICE`, `MISSING_SETTING`; ProvenanceError `BAD_DIGEST` */
export function checksumOf(
  { 'checksum-url': url, sha256, sha512 }: Pick<ImageSettings, 'checksum-url' | 'sha256' | 'sha512'>,
  origin: Origin = {},
): ImportRequest['checksum'] {
  const given = [url, sha256, sha512].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw located(
      'CHECKSUM_TWICE',
      `${label(origin)}checksum-url, sha256 and sha512 exclude one another`,
      origin,
      {
        hint: 'Keep one of them.',
      },
    );
  }
  if (url !== undefined) return { url };
  if (sha512 !== undefined) return { digest: digestOf('sha512', sha512) };
  if (sha256 !== undefined) return { digest: digestOf('sha256', sha256) };
  throw missing(
    named('checksum-url', origin),
    'Say where the checksum is published, or give it with sha256 or sha512.',
    origin,
  );
}

function tagsOf({ tag = {} }: ImageSettings, origin: Origin): Record<string, string> {
  const reserved = Object.keys(tag).find(
    (key) => key === 'Name' || key === 'automation' || key.startsWith('ec2-image:'),
  );
  if (reserved !== undefined) {
    throw located('RESERVED_TAG', `${label(origin)}the tag ${reserved} is set by ec2-image itself`, origin, {
      hint: 'Choose another key; Name is made of the name and the suffix.',
    });
  }
  // EC2 takes 50 tags a resource; our own are seven.
  if (Object.keys(tag).length > 43) {
    throw located(
      'TOO_MANY_TAGS',
      `${label(origin)}${Object.keys(tag).length} tags: EC2 takes 50, and 7 are ours`,
      origin,
      {
        hint: 'Keep 43 of them at most.',
      },
    );
  }
  return { ...tag };
}

/** An AMI's name is checked before anything is downloaded, with a stand-in for a suffix that the digest will give. */
function checkName(name: string, suffix: string | undefined, origin: Origin): void {
  try {
    amiNameOf({ name, suffix: suffix ?? '0'.repeat(12) });
  } catch (error) {
    const { code, message, hint } = error as ProvenanceError;
    throw located(code, `${label(origin)}${message}`, origin, { hint });
  }
}

function sharedOf(file: ConfigFile | undefined): ImageSettings {
  if (!file) return {};
  const {
    images: _,
    profile: _p,
    'endpoint-url': _e,
    'work-dir': _w,
    'request-timeout': _r,
    'max-attempts': _m,
    ...shared
  } = file.config;
  return defined(shared);
}

function missing(what: string, hint: string, origin: Origin = {}): UsageError {
  return located('MISSING_SETTING', `${label(origin)}${what} is missing`, origin, { hint });
}

function located(
  code: ErrorCode,
  message: string,
  origin: Origin,
  { hint }: { readonly hint: string },
): UsageError {
  const line = origin.file?.lineOf(...(origin.path ?? []));
  return new UsageError(code, message, {
    hint,
    facts: { ...(origin.file && { path: origin.file.path, line }) },
  });
}

function label({ file, path = [] }: Origin): string {
  return file ? `${file.path}:${file.lineOf(...path) ?? 1}: ${path.join('.')}: ` : '';
}

function named(key: string, { file }: Origin): string {
  return file ? key : `--${key}`;
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Without the keys that are undefined, which would hide what stands below them. */
function defined<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}
