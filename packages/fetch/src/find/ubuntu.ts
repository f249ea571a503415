import { redactUrl } from '@ec2-image/redact';
import { FetchError } from '../errors.ts';
import { type FoundImage, noSuchRelease } from './found-image.ts';
import { compareVersions, isPreRelease } from './newest.ts';
import { absent, below, type Network, readIndex } from './read-index.ts';
import { dailyOf, debianArchitecture, type Release } from './release.ts';

const ownRoot = new URL('https://cloud-images.ubuntu.com/');

/**
 * The newest build of a release, from Ubuntu's simplestreams index: `releases/streams/v1/com.ubuntu.cloud:released:download.json`,
 * with paths such as `server/releases/noble/release-20261113/ubuntu-24.04-server-cloudimg-amd64.img` below `releases/`;
 * of minimal images, the same below `minimal/`. SHA256SUMS and its signature lie beside.
 */
export async function findUbuntu(
  network: Network,
  { release, variant = 'server', architecture, roots = [ownRoot] }: Release,
): Promise<FoundImage> {
  const { release: name, isDaily } = dailyOf(release.toLowerCase());
  const base = `${variant === 'server' ? '' : `${encodeURIComponent(variant)}/`}${isDaily ? 'daily/' : 'releases/'}`;
  const path = `${base}streams/v1/com.ubuntu.cloud:${isDaily ? 'daily' : 'released'}:download.json`;
  const what = `image of Ubuntu ${release}, variant ${variant}, for ${architecture}`;
  const image = await readIndex(network, {
    roots,
    path: `./${path}`,
    read: ({ text }, { shown }) => {
      const found = newestPath(parseStream(text, shown), {
        name,
        architecture: debianArchitecture(architecture),
        isDaily,
      });
      if (found === undefined) throw noSuchRelease(what, { where: shown });
      return found;
    },
  }).catch(absent);
  if (image === undefined) throw noSuchRelease(what, { where: redactUrl(below(roots[0]!, base)) });
  const at = (root: URL, file: string) => below(root, `./${base}${file}`).href;
  const directory = image.slice(0, image.lastIndexOf('/') + 1);
  return {
    urls: roots.map((root) => at(root, image)),
    checksumUrl: at(roots[0]!, `${directory}SHA256SUMS`),
    signatureUrl: at(roots[0]!, `${directory}SHA256SUMS.gpg`),
  };
}

type Json = Readonly<Record<string, unknown>>;

const entriesOf = (value: unknown): [string, Json][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).filter(
        (entry): entry is [string, Json] => typeof entry[1] === 'object' && entry[1] !== null,
      )
    : [];

/** @throws FetchError `INDEX_UNREADABLE` */
function parseStream(text: string, url: string): [string, Json][] {
  try {
    const products = entriesOf((JSON.parse(text) as Json).products);
    if (products.length > 0) return products;
  } catch {
    // It is told below.
  }
  throw new FetchError('INDEX_UNREADABLE', `${url} is not a simplestreams index of products`, {
    hint: "Check the URL: the index is below the root of a copy of Ubuntu's cloud images.",
    facts: { url },
  });
}

/** The path of the newest build's disk, of a product that has the release's number, code name or an alias such as `lts`. */
function newestPath(
  products: readonly [string, Json][],
  {
    name,
    architecture,
    isDaily,
  }: { readonly name: string; readonly architecture: string; readonly isDaily: boolean },
): string | undefined {
  const builds = products
    .filter(([, product]) => product.arch === architecture && namesOf(product).includes(name))
    .flatMap(([, product]) => entriesOf(product.versions))
    .filter(([serial, { label }]) => /^\d{8}(?:\.\d+)?$/.test(serial) && (isDaily || isFinal(label)))
    .flatMap(([serial, { items }]) => {
      const [, disk] = entriesOf(items).find(([, { ftype }]) => ftype === 'disk1.img') ?? [];
      return isPath(disk?.path) ? [{ serial, path: disk.path }] : [];
    });
  return builds.sort((one, other) => compareVersions(other.serial, one.serial))[0]?.path;
}

function namesOf({ version, release, aliases }: Json): string[] {
  return [version, release, ...(typeof aliases === 'string' ? aliases.split(',') : [])].map((name) =>
    String(name).trim().toLowerCase(),
  );
}

function isFinal(label: unknown): boolean {
  return typeof label !== 'string' || !isPreRelease(label);
}

/** Of plain names alone: nothing that leads up, elsewhere, or into a query. */
function isPath(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    path.length < 1000 &&
    path.split('/').every((element) => /^[A-Za-z0-9][A-Za-z0-9._+~-]*$/.test(element))
  );
}
