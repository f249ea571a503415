import { compareVersions } from './newest.ts';

/** What publishers put behind the image's own name, the strongest first. */
const suffixes = [
  '.sha512',
  '.sha512sum',
  '.SHA512',
  '.sha256',
  '.sha256sum',
  '.SHA256',
  '.CHECKSUM',
  '.DIGESTS',
];

/** What publishers call the file of a whole directory. */
const ofDirectory = [
  /^sha512sums?(?:\.txt)?$/i,
  /^checksums?[._-]sha512(?:\.txt)?$/i,
  /^sha256sums?(?:\.txt)?$/i,
  /^checksums?[._-]sha256(?:\.txt)?$/i,
  /^checksums?(?:\.txt)?$/i,
  /^digests$/i,
  /[-_.](?:checksums?|sha512sums?|sha256sums?)(?:[-_.]sha(?:256|512))?(?:\.txt)?$/i,
];

/** A signature, which lists nothing. */
const isSignature = (name: string) => /\.(?:asc|sig|gpg|sign)$/i.test(name);

/**
 * The file of a directory that lists the image's digest, by its name: one of the image's own, else one of the directory.
 * Of several such as Fedora's `Fedora-Cloud-43-1.6-x86_64-CHECKSUM`, the one that has most of the image's numbers.
 */
export function checksumFileFor(image: string, files: readonly string[]): string | undefined {
  const own = suffixes.map((suffix) => image + suffix).find((name) => files.includes(name));
  if (own !== undefined) return own;
  for (const pattern of ofDirectory) {
    const matching = files.filter((name) => pattern.test(name) && !isSignature(name));
    // One that is named after another image is that image's.
    const candidates = matching.filter(
      (name) => !files.some((file) => file !== name && name.startsWith(`${file}.`)),
    );
    if (candidates.length > 0) return bestChecksumFile(image, candidates);
  }
  return undefined;
}

/** Of several checksum files the one whose name has most of the image's numbers; of those the newest. */
export function bestChecksumFile(image: string, names: readonly string[]): string | undefined {
  const numbers = new Set(image.match(/\d+/g));
  const score = (name: string) => (name.match(/\d+/g) ?? []).filter((number) => numbers.has(number)).length;
  return names
    .filter((name) => !isSignature(name))
    .sort((one, other) => score(other) - score(one) || compareVersions(other, one))[0];
}

/** Of what lies beside images: checksums, signatures, lists. None of them is an image. */
export function isSideFile(name: string): boolean {
  return (
    /\.(?:sha\d*(?:sums?)?|md5(?:sums?)?|asc|sig|sign|gpg|json|txt|manifest|list|torrent|zsync|checksum|digests|html?|log|packages|contents|sbom|spdx|vars|metalink|meta4|xml)$/i.test(
      name,
    ) || ofDirectory.some((pattern) => pattern.test(name))
  );
}
