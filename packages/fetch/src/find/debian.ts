import { redactUrl } from '@ec2-image/redact';
import { type Fits, type FoundImage, globOf, imageIn, newestFile, noSuchRelease } from './found-image.ts';
import { compareVersions } from './newest.ts';
import { absent, below, type Network, readListing } from './read-index.ts';
import { dailyOf, debianArchitecture, type Release } from './release.ts';

const ownRoot = new URL('https://cloud.debian.org/images/cloud/');

/** The directories have the code names. */
const codeNames: Readonly<Record<string, string>> = {
  '10': 'buster',
  '11': 'bullseye',
  '12': 'bookworm',
  '13': 'trixie',
  '14': 'forky',
  '15': 'duke',
};

const extensions = ['qcow2', 'raw', 'tar.xz'];

/** Builds that have no image of the variant, or are being published, are passed over. */
const maxBuilds = 4;

/**
 * The newest build of a release: `trixie/20261117-2299/debian-13-genericcloud-amd64-20261117-2299.qcow2`, which stays,
 * unlike what `latest/` holds; daily builds are in `trixie/daily/`, those of sid in `sid/daily/`. SHA512SUMS lies beside.
 */
export async function findDebian(
  network: Network,
  {
    release,
    variant = 'genericcloud',
    architecture,
    roots = [ownRoot],
    fits,
  }: Release & { readonly fits: Fits },
): Promise<FoundImage> {
  const { release: name, isDaily } = dailyOf(release.toLowerCase());
  const codeName = codeNames[name] ?? name;
  const number = Object.entries(codeNames).find(([, other]) => other === codeName)?.[0] ?? codeName;
  const daily = isDaily || codeName === 'sid';
  const top = `${codeName}/${daily ? 'daily/' : ''}`;
  const shown = redactUrl(below(roots[0]!, top));
  const listed = await readListing(network, { roots, path: top }).catch(absent);
  if (!listed) throw noSuchRelease(`Debian ${release}`, { where: shown });
  const { directories } = listed;
  const builds = directories
    .filter((build) => /^\d{8}-\d+$/.test(build))
    .sort((one, other) => compareVersions(other, one));
  const stem = `debian-${number}-${variant}-${debianArchitecture(architecture)}${daily ? '-daily' : ''}`;
  for (const build of [
    ...builds.slice(0, maxBuilds),
    ...(directories.includes('latest') ? ['latest'] : []),
  ]) {
    const path = `${top}${build}/`;
    const listing = await readListing(network, { roots, path }).catch(absent);
    const globs = extensions.flatMap((extension) => [
      globOf(build === 'latest' ? `${stem}.${extension}` : `${stem}-${build}.${extension}`),
    ]);
    const image = listing && newestFile(listing, { globs, fits, shown });
    if (!listing || image === undefined) continue;
    return imageIn(listing, { image, path, roots, fits });
  }
  throw noSuchRelease(`image of Debian ${release}, variant ${variant}, for ${architecture}`, {
    where: shown,
    ...(directories.includes('daily') &&
      !daily && {
        hint: `Check the variant; before its release, there are daily builds alone: ${name}-daily.`,
      }),
  });
}
