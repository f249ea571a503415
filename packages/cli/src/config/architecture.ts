import { printable } from '@ec2-image/redact';
import type { architectures } from '../options/groups/image.ts';
import { label, located, type Origin } from './origin.ts';

export type Architecture = (typeof architectures)[number];

/** What publishers write for the architectures that EC2 has. */
const spellings: Readonly<Record<string, Architecture>> = {
  x86_64: 'x86_64',
  'x86-64': 'x86_64',
  amd64: 'x86_64',
  x64: 'x86_64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

/** Others, of which EC2 has no instances. `x86` alone is not among them: it stands for either width. */
const foreign =
  'i[3-6]86|armhf|armel|armv[5-7](?:h?l)?|ppc64(?:le|el)?|s390x?|riscv64|loong(?:arch)?64|mips(?:64)?(?:el)?';

/** A whole word of a name: `disk_amd64.img`, `alpine-x86_64-bios`, `x86_64_v2`, but not `kamd64x`. */
const words = new RegExp(
  `(?<![a-z0-9])(?:${Object.keys(spellings).join('|')}|${foreign})(?=v[1-4](?![a-z0-9])|(?![a-z0-9]))`,
  'g',
);

/** Longer than any file name that a system takes. */
const maxNameLength = 4096;

/**
 * The architectures that a file's name gives, as EC2 calls them, and those that EC2 does not have as they are written.
 * More than one where the name says more than one thing.
 */
export function architecturesIn(fileName: string): readonly string[] {
  const found = fileName.slice(-maxNameLength).toLowerCase().match(words) ?? [];
  return [...new Set(found.map((word) => spellings[word] ?? word))];
}

/**
 * The architecture of an image: as it is given, or else as its file is named.
 *
 * @param options.names of the file, where it comes from and where it is listed
 * @returns undefined where nothing tells
 * @throws UsageError `ARCH_CONTRADICTION`, `ARCH_UNSUPPORTED`
 */
export function architectureOf(
  { given, names }: { readonly given?: Architecture; readonly names: readonly string[] },
  origin: Origin = {},
): Architecture | undefined {
  let known = given;
  let source = `arch is ${given}`;
  for (const name of names) {
    const [architecture, another] = architecturesIn(name);
    // A name that says two things says nothing.
    if (architecture === undefined || another !== undefined) continue;
    const shown = printable(name, { maxLength: 200 });
    if (known !== undefined && known !== architecture) {
      throw located(
        'ARCH_CONTRADICTION',
        `${label(origin)}${source}, but ${shown} is an image for ${architecture}`,
        origin,
        { hint: 'Correct the architecture or the URL: an AMI of the wrong architecture never starts.' },
      );
    }
    if (architecture !== 'x86_64' && architecture !== 'arm64') {
      throw located(
        'ARCH_UNSUPPORTED',
        `${label(origin)}${shown} is an image for ${architecture}, which EC2 does not have`,
        origin,
        { hint: 'Use an image for x86_64 or arm64.' },
      );
    }
    known = architecture;
    source = `${shown} is an image for ${architecture}`;
  }
  return known;
}

/** Where scripts that serve downloads are given the file's name. */
const queryKeys = ['file', 'filename', 'name', 'path'];

/** The names that a URL or a path gives its file: the last part of the path, and of `?file=…`. */
export function fileNamesOf(url: string): readonly string[] {
  const parsed = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? URL.parse(url.trim()) : null;
  const queried = queryKeys.flatMap((key) => parsed?.searchParams.get(key) ?? []);
  const paths = parsed ? [parsed.pathname, ...queried] : [url];
  return paths.map((path) => decoded(path.slice(path.lastIndexOf('/') + 1)));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
