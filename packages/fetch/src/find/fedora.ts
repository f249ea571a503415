import { redactUrl } from '@ec2-image/redact';
import {
  any,
  type Fits,
  type FoundImage,
  globOf,
  imageIn,
  newestFile,
  noSuchRelease,
} from './found-image.ts';
import { absent, below, type Network, readListing } from './read-index.ts';
import type { Release } from './release.ts';

/** Its own server lists what there is; the other sends each download to a mirror nearby. */
const ownRoot = new URL('https://dl.fedoraproject.org/pub/fedora/linux/');
const mirrorRoot = new URL('https://download.fedoraproject.org/pub/fedora/linux/');
/** Where releases go that get no updates any longer. */
const archiveRoot = new URL('https://dl.fedoraproject.org/pub/archive/fedora/linux/');

/** How the variants are packed; the first that is there counts. */
const extensions = ['qcow2', 'raw.xz', 'raw.zst', 'raw', 'vhdfixed.xz', 'vhd.xz', 'tar.gz', 'tar.xz'];

/**
 * The newest compose of a release of Fedora Cloud, or of Rawhide: `releases/43/Cloud/x86_64/images/` and
 * `development/rawhide/Cloud/x86_64/images/`, with a clear-signed CHECKSUM file beside the images.
 */
export async function findFedora(
  network: Network,
  { release, variant = 'Generic', architecture, roots, fits }: Release & { readonly fits: Fits },
): Promise<FoundImage> {
  const isRawhide = release.toLowerCase() === 'rawhide';
  const machine = architecture === 'arm64' ? 'aarch64' : 'x86_64';
  const directory = isRawhide ? 'development/rawhide' : `releases/${release}`;
  const path = `${directory}/Cloud/${machine}/images/`;
  const lists = roots ?? [ownRoot];
  const from = async (places: readonly URL[]) => {
    const listing = await readListing(network, { roots: places, path }).catch(absent);
    return listing && { places, listing };
  };
  const found = (await from(lists)) ?? (roots || isRawhide ? undefined : await from([archiveRoot]));
  if (!found) throw noSuchRelease(`Fedora ${release}`, { where: redactUrl(below(lists[0]!, path)) });
  const { places, listing } = found;
  const number = isRawhide ? 'Rawhide' : release;
  const globs = extensions.flatMap((extension) => [
    globOf(`Fedora-Cloud-Base-${variant}-${number}-`, any, `.${machine}.${extension}`),
    // As release 40 named them, and those before it.
    globOf(`Fedora-Cloud-Base-${variant}.${machine}-${number}-`, any, `.${extension}`),
    ...(variant === 'Generic'
      ? [globOf(`Fedora-Cloud-Base-${number}-`, any, `.${machine}.${extension}`)]
      : []),
  ]);
  const shown = redactUrl(below(places[0]!, path));
  const image = newestFile(listing, { globs, fits, shown });
  if (image === undefined)
    throw noSuchRelease(`image of Fedora ${release}, variant ${variant}, for ${machine}`, { where: shown });
  const mirrors = places[0] === ownRoot ? [mirrorRoot, ownRoot] : places;
  return imageIn(listing, { image, path, roots: places, mirrors, fits });
}
