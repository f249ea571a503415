import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { architecturesIn } from '../config/architecture.ts';
import { escapeReferences } from '../config/interpolate.ts';

/** What a new configuration says. */
export interface NewConfig {
  readonly name: string;
  readonly url: string;
  /** `checksum-url`, `sha256` or `sha512`, and its value. */
  readonly checksum: readonly [key: string, value: string];
  readonly architecture: string;
  readonly bucket?: string;
  readonly region?: string;
  readonly via?: string;
}

/** The text of a new `ec2-image.yaml`, with comments. */
export function renderConfig(
  { name, url, checksum: [checksumKey, checksum], architecture, bucket, region, via }: NewConfig,
  { path, schemaFile }: { readonly path: string; readonly schemaFile: string },
): string {
  return [
    `# yaml-language-server: $schema=${schemaReference(path, schemaFile)}`,
    '# The keys are the names of the options: see `ec2-image import --help`. `ec2-image config validate` checks the file.',
    '',
    '# Where the AMIs are made.',
    region === undefined ? '# region: us-east-1' : line('region', region),
    ...(via === undefined
      ? []
      : ['', '# Block by block through the EBS direct APIs, without a bucket.', line('via', via)]),
    ...(bucket === undefined
      ? []
      : [
          '',
          '# The disk passes through this bucket, in the same region, and is deleted once its snapshot is complete.',
          line('bucket', bucket),
        ]),
    '',
    '# An AMI is named <name>-i<suffix>. Without a suffix, that is the first 12 hex digits of the digest.',
    '# suffix: ${IMG_SFX}',
    '',
    'images:',
    `  ${stringify(name, { lineWidth: 0 }).trimEnd()}:`,
    `    ${line('url', url)}`,
    `    ${line(checksumKey, checksum)}`,
    `    ${line('arch', architecture)}`,
    '    # Tags of the AMI and its snapshot.',
    '    # tag: { team: images }',
    '',
  ].join('\n');
}

function line(key: string, value: string): string {
  return stringify({ [key]: escapeReferences(value) }, { lineWidth: 0 }).trimEnd();
}

/** Relative where the package is installed beside the file, which may be moved together with it. */
function schemaReference(path: string, schemaFile: string): string {
  const short = relative(dirname(resolve(path)), schemaFile);
  return short.startsWith('..') || isAbsolute(short) ? schemaFile : `./${short}`;
}

/** A name for the image whose file has this name: without its architecture and what it is packed in. */
export function nameOf(fileName: string): string {
  const bare = fileName
    .toLowerCase()
    .replace(/(\.(qcow2|img|raw|vmdk|vhdx?|ova|tar|zip|xz|gz|zst|bz2))+$/, '');
  const architectures =
    architecturesIn(fileName).length > 0 ? /(?:x86[_-]64|amd64|x64|aarch64|arm64)(?:_?v[1-4])?/g : /$^/;
  return bare
    .replace(architectures, '')
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/[.-]{2,}/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '');
}
