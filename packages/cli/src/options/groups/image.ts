import {
  debianRelease,
  fedoraRelease,
  imageVariant,
  ubuntuRelease,
  urlPattern,
} from '../kinds/image-release.ts';
import { listOf } from '../kinds/kind.ts';
import { httpUrl, path, source } from '../kinds/locations.ts';
import { byteSize, integer } from '../kinds/numbers.ts';
import { boolean, hexDigest, oneOf, text } from '../kinds/text.ts';
import { option } from '../option.ts';

export const architectures = ['x86_64', 'arm64'] as const;

/** What is exported for an import is not about a snapshot to verify, or about the demo. */
const said = { environment: false } as const;

/** Of AMIs that were imported by hand. */
const adopted = (help: string) => ({ help, group: 'tags', ...said }) as const;

/** Which image, and what its content may be. */
export const imageOptions = {
  name: option({
    kind: text({ metavar: 'NAME' }),
    help: 'Name of the image; the AMI is named <name>-i<suffix>',
    group: 'image',
    commands: ['import', 'tag-fix', 'init'],
    in: 'flag',
    variants: { 'tag-fix': { help: 'Name of the image that the given AMIs were made from', group: 'tags' } },
  }),
  url: option({
    kind: listOf(source),
    help: 'Image URL (https, http, s3) or local path; repeat for mirrors of the same file. qcow2, raw, VMDK, VHD or VHDX, also compressed (xz, gzip, zstd, bzip2) or in a tar, zip or OVA archive',
    group: 'image',
    commands: ['import', 'verify', 'demo', 'init', 'tag-fix'],
    in: 'image',
    variants: {
      'tag-fix': adopted('URL of the image that the given AMIs were imported from by hand'),
      verify: { help: 'URL of the disk image; repeat for mirrors of the same file', ...said },
      demo: { help: 'Image to import instead of the generated ones', ...said },
    },
    alternatives: 'source',
  }),
  fedora: option({
    kind: fedoraRelease,
    help: 'Find the newest image of this release of Fedora Cloud, or of rawhide, and its checksum',
    group: 'image',
    commands: ['import'],
    in: 'image',
    alternatives: 'source',
  }),
  debian: option({
    kind: debianRelease,
    help: 'Find the newest image of this release of Debian, and its checksum; 13-daily finds the newest daily build',
    group: 'image',
    commands: ['import'],
    in: 'image',
    alternatives: 'source',
  }),
  ubuntu: option({
    kind: ubuntuRelease,
    help: 'Find the newest image of this release of Ubuntu, and its checksum; 26.04-daily finds the newest daily build',
    group: 'image',
    commands: ['import'],
    in: 'image',
    alternatives: 'source',
  }),
  'latest-url': option({
    kind: listOf(urlPattern),
    help: 'Find the newest file that matches this URL with * in its path, and its checksum file; repeat for mirrors',
    group: 'image',
    commands: ['import'],
    in: 'image',
    alternatives: 'source',
  }),
  variant: option({
    kind: imageVariant,
    help: "Variant of the publisher's images",
    default: 'Generic, genericcloud, server',
    group: 'image',
    commands: ['import'],
    in: 'image',
  }),
  'index-url': option({
    kind: listOf(httpUrl),
    help: "Copy of the publisher's files to find the image in; repeat for mirrors",
    default: "the publisher's own server",
    group: 'image',
    commands: ['import'],
    in: 'image',
  }),
  'checksum-url': option({
    kind: source,
    help: 'URL of the published checksum: sha256sum or BSD lines, clear-signed or not, JSON, or a bare digest',
    group: 'image',
    commands: ['import', 'verify', 'demo', 'init'],
    in: 'image',
    variants: { verify: said, demo: said },
    alternatives: 'checksum',
  }),
  'checksum-entry': option({
    kind: text({ metavar: 'NAME' }),
    help: 'File name that the checksum file lists the image under, where its URL has another',
    group: 'image',
    commands: ['import', 'verify'],
    in: 'image',
    variants: { verify: said },
  }),
  sha256: option({
    kind: hexDigest(64),
    help: 'SHA-256 of the image, instead of --checksum-url',
    group: 'image',
    commands: ['import', 'verify', 'demo', 'init', 'tag-fix'],
    in: 'image',
    variants: { 'tag-fix': adopted('SHA-256 of that image'), verify: said, demo: said },
    alternatives: 'checksum',
  }),
  sha512: option({
    kind: hexDigest(128),
    help: 'SHA-512 of the image, instead of --checksum-url',
    group: 'image',
    commands: ['import', 'verify', 'init', 'tag-fix'],
    in: 'image',
    variants: { 'tag-fix': adopted('SHA-512 of that image'), verify: said, demo: said },
    alternatives: 'checksum',
  }),
  keyring: option({
    kind: path(),
    help: 'File of public PGP keys, armored or binary: checksum file or image must be signed by one of them',
    group: 'image',
    commands: ['import', 'verify'],
    in: 'both',
    variants: { verify: said },
  }),
  'signature-url': option({
    kind: source,
    help: 'URL of the detached signature of the checksum file or of the image, by its name (.asc, .sig, .gpg, .sign)',
    group: 'image',
    commands: ['import', 'verify'],
    in: 'image',
    variants: { verify: said },
  }),
  arch: option({
    kind: oneOf(architectures, { aliases: { amd64: 'x86_64', aarch64: 'arm64' } }),
    help: 'Architecture of the image; default: what its file name says',
    group: 'image',
    commands: ['import', 'demo', 'init'],
    in: 'image',
    variants: { demo: { default: 'x86_64', ...said } },
  }),
  connections: option({
    kind: integer({ min: 1, max: 16 }),
    help: 'Connections for one download',
    default: '4',
    group: 'image',
    commands: ['import'],
    in: 'both',
  }),
  'allow-insecure-checksum': option({
    kind: boolean,
    help: 'Allow a checksum from plain http',
    group: 'image',
    commands: ['import', 'verify'],
    in: 'both',
  }),
  'max-disk-size': option({
    kind: byteSize,
    help: 'Refuse disks that hold more data; zeros do not count',
    default: '64GiB',
    group: 'image',
    commands: ['import', 'verify'],
    in: 'both',
  }),
  'decompression-memory': option({
    kind: byteSize,
    help: 'Refuse compressed images that need more memory to decompress',
    default: '256MiB',
    group: 'image',
    commands: ['import', 'verify'],
    in: 'both',
  }),
  'allow-unbootable': option({
    kind: boolean,
    help: 'Accept a disk without partition table or boot record, or with a partition beyond its end',
    group: 'image',
    commands: ['import'],
    in: 'both',
  }),
};
