import { findImage, type WantedImage } from '@ec2-image/fetch';
import { describe, expect, test } from 'vitest';
import { serve } from '../support/server.ts';
import { catchFailure } from '../support/work.ts';
import { bucketPage, listings } from './listings.ts';

const apache = Object.values(listings)[0]!;

/** A server with these directories, each listing these names, and these files. */
async function publisher(
  directories: Readonly<Record<string, readonly string[]>>,
  files: Readonly<Record<string, string>> = {},
) {
  const server = await serve((request, response) => {
    const path = decodeURIComponent(request.url!);
    const names = directories[path];
    const text = names ? apache(names) : files[path];
    if (text === undefined) response.writeHead(404).end();
    else response.end(text);
  });
  return { ...server, at: (path: string) => `${server.url}${path}` };
}

const find = (wanted: WantedImage, { architecture = 'x86_64' as const, other = /aarch64|arm64/ } = {}) =>
  findImage({ wanted, architecture, fits: (name) => !other.test(name), sleep: async () => {} });

describe('Fedora', () => {
  const names = (number: string, build: string) => [
    `Fedora-Cloud-${number}-${build}-x86_64-CHECKSUM`,
    `Fedora-Cloud-Base-AmazonEC2-${number}-${build}.x86_64.raw.xz`,
    `Fedora-Cloud-Base-Generic-${number}-${build}.x86_64.qcow2`,
    `Fedora-Cloud-Base-UEFI-UKI-${number}-${build}.x86_64.qcow2`,
  ];
  const directory = '/linux/releases/43/Cloud/x86_64/images/';

  test('the newest compose of a release, on every mirror', async () => {
    const mirrors = [
      await publisher({ [directory]: [...names('43', '1.9'), ...names('43', '1.10')] }),
      await publisher({}),
    ];
    const indexUrls = [mirrors[0]!.at('/linux'), mirrors[1]!.at('/linux/')];
    expect(await find({ distribution: 'fedora', release: '43', indexUrls })).toEqual({
      urls: mirrors.map(({ at }) => at(`${directory}Fedora-Cloud-Base-Generic-43-1.10.x86_64.qcow2`)),
      checksumUrl: mirrors[0]!.at(`${directory}Fedora-Cloud-43-1.10-x86_64-CHECKSUM`),
    });
    // The first mirror is down: the second one has the listing.
    const reversed = {
      distribution: 'fedora',
      release: '43',
      variant: 'AmazonEC2',
      indexUrls: indexUrls.toReversed(),
    } as const;
    expect((await find(reversed)).urls[1]).toBe(
      mirrors[0]!.at(`${directory}Fedora-Cloud-Base-AmazonEC2-43-1.10.x86_64.raw.xz`),
    );
  });

  test.each([
    [
      '40',
      'Fedora-Cloud-Base-Generic.x86_64-40-1.14.qcow2',
      'Fedora-Cloud-40-1.14-x86_64-CHECKSUM',
      'releases/40',
    ],
    ['37', 'Fedora-Cloud-Base-37-1.7.x86_64.qcow2', 'Fedora-Cloud-37-1.7-x86_64-CHECKSUM', 'releases/37'],
    [
      'rawhide',
      'Fedora-Cloud-Base-Generic-Rawhide-20261002.n.0.x86_64.qcow2',
      'Fedora-Cloud-images-Rawhide-x86_64-20261002.n.0-CHECKSUM',
      'development/rawhide',
    ],
  ])('%s, as it names its files', async (release, image, checksum, top) => {
    const path = `/${top}/Cloud/x86_64/images/`;
    const { url, at } = await publisher({
      [path]: [image, checksum, `${image.replace('Generic', 'UEFI-UKI')}.x`],
    });
    expect(await find({ distribution: 'fedora', release, indexUrls: [url] })).toEqual({
      urls: [at(path + image)],
      checksumUrl: at(path + checksum),
    });
  });

  test('a release that is not there, and a variant', async () => {
    const { url } = await publisher({ [directory.slice('/linux'.length)]: names('43', '1.6') });
    for (const wanted of [{ release: '99' }, { release: '43', variant: 'Nope' }])
      expect(await catchFailure(find({ distribution: 'fedora', indexUrls: [url], ...wanted }))).toMatchObject(
        {
          code: 'NO_SUCH_RELEASE',
        },
      );
  });
});

describe('Debian', () => {
  const build = (number: string, id: string) => [
    'SHA512SUMS',
    ...['amd64', 'arm64'].map((arch) => `debian-${number}-genericcloud-${arch}-${id}.qcow2`),
    ...['amd64', 'arm64'].map((arch) => `debian-${number}-genericcloud-${arch}-${id}.raw`),
    `debian-${number}-ec2-amd64-${id}.tar.xz`,
  ];
  const directories = {
    '/trixie/': ['20261001-998/', '20261001-1002/', 'daily/', 'latest/'],
    '/trixie/20261001-998/': build('13', '20261001-998'),
    '/trixie/20261001-1002/': build('13', '20261001-1002'),
    '/trixie/daily/': ['20261120-2306/', '20261121-2307/', 'latest/'],
    '/trixie/daily/20261120-2306/': build('13', 'daily-20261120-2306').map((name) =>
      name.replace(/-(amd64|arm64)-daily/, '-$1-daily'),
    ),
    // Being published: no image yet.
    '/trixie/daily/20261121-2307/': ['SHA512SUMS'],
    '/sid/daily/': ['latest/'],
    '/sid/daily/latest/': ['SHA512SUMS', 'debian-sid-genericcloud-amd64-daily.qcow2'],
    '/forky/': ['daily/'],
  };

  test.each([
    ['13', undefined, '/trixie/20261001-1002/', 'debian-13-genericcloud-amd64-20261001-1002.qcow2'],
    ['trixie', 'ec2', '/trixie/20261001-1002/', 'debian-13-ec2-amd64-20261001-1002.tar.xz'],
    [
      '13-daily',
      undefined,
      '/trixie/daily/20261120-2306/',
      'debian-13-genericcloud-amd64-daily-20261120-2306.qcow2',
    ],
    ['sid', undefined, '/sid/daily/latest/', 'debian-sid-genericcloud-amd64-daily.qcow2'],
  ])('%s, variant %s', async (release, variant, path, image) => {
    const { url, at } = await publisher(directories);
    expect(await find({ distribution: 'debian', release, variant, indexUrls: [url] })).toEqual({
      urls: [at(path + image)],
      checksumUrl: at(`${path}SHA512SUMS`),
    });
  });

  test('a release of which there are daily builds alone', async () => {
    const { url } = await publisher(directories);
    expect(
      await catchFailure(find({ distribution: 'debian', release: '14', indexUrls: [url] })),
    ).toMatchObject({
      code: 'NO_SUCH_RELEASE',
      hint: expect.stringContaining('14-daily'),
    });
  });
});

describe('Ubuntu', () => {
  const disk = (path: string) => ({
    'disk1.img': { ftype: 'disk1.img', path, sha256: 'a'.repeat(64), size: 1 },
  });
  const product = (version: string, release: string, arch: string, versions: object) => ({
    [`com.ubuntu.cloud:server:${version}:${arch}`]: {
      arch,
      os: 'ubuntu',
      release,
      version,
      aliases: `${version},${release}${version === '24.04' ? ',lts' : ''}`,
      versions,
    },
  });
  const path = (serial: string, arch = 'amd64') =>
    `server/releases/noble/release-${serial}/ubuntu-24.04-server-cloudimg-${arch}.img`;
  const stream = (versions: object) =>
    JSON.stringify({
      format: 'products:1.0',
      products: {
        ...product('24.04', 'noble', 'amd64', versions),
        ...product('24.04', 'noble', 'arm64', {
          '20261201': { label: 'release', items: disk(path('20261201', 'arm64')) },
        }),
        ...product('24.10', 'oracular', 'amd64', {
          '20261202': { label: 'release', items: disk(path('20261202')) },
        }),
      },
    });
  const file = '/releases/streams/v1/com.ubuntu.cloud:released:download.json';
  const versions = {
    '20261101': { label: 'release', items: disk(path('20261101')) },
    '20261101.10': { label: 'release', items: disk(path('20261101.10')) },
    '20261101.9': { label: 'release', items: disk(path('20261101.9')) },
    '20261110': { label: 'beta1', items: disk(path('20261110')) },
    '20261111': { label: 'release', items: { 'root.tar.xz': { ftype: 'root.tar.xz', path: 'x' } } },
  };

  test.each(['24.04', 'noble', 'lts'])(
    '%s: the newest build of the index, and its signed checksums',
    async (release) => {
      const { url, at } = await publisher({}, { [file]: stream(versions) });
      const directory = '/releases/server/releases/noble/release-20261101.10/';
      expect(await find({ distribution: 'ubuntu', release, indexUrls: [url] })).toEqual({
        urls: [at(`${directory}ubuntu-24.04-server-cloudimg-amd64.img`)],
        checksumUrl: at(`${directory}SHA256SUMS`),
        signatureUrl: at(`${directory}SHA256SUMS.gpg`),
      });
    },
  );

  test.each([
    '../../etc/passwd.img',
    '/server/disk.img',
    'https://evil.example/disk.img',
    '//evil.example/disk.img',
    'server/%2e%2e/disk.img',
    'server/disk.img?x',
    'server/\u001b[31m.img',
    7,
  ])('a path that leads elsewhere is none: %j', async (wrong) => {
    const { url } = await publisher({}, { [file]: stream({ '20261101': { items: disk(wrong as string) } }) });
    expect(
      await catchFailure(find({ distribution: 'ubuntu', release: 'noble', indexUrls: [url] })),
    ).toMatchObject({
      code: 'NO_SUCH_RELEASE',
    });
  });

  test.each(['<html>', '[]', '{"products": 1}', 'null', '{"products": {"a": null}}'])(
    'an index that is %s',
    async (text) => {
      const { url } = await publisher({}, { [file]: text });
      expect(
        await catchFailure(find({ distribution: 'ubuntu', release: 'noble', indexUrls: [url] })),
      ).toMatchObject({
        code: 'INDEX_UNREADABLE',
      });
    },
  );
});

describe('a pattern', () => {
  const images = [
    'Rocky-9-GenericCloud-Base-9.9-20261001.0.x86_64.qcow2',
    'Rocky-9-GenericCloud-Base-9.10-20261101.0.x86_64.qcow2',
  ];
  const beside = (name: string) => [name, `${name}.CHECKSUM`, `${name}.asc`];
  const newest = images[1]!;

  test('in the name of the file', async () => {
    const { at } = await publisher({
      '/9/images/': ['CHECKSUM', ...images.flatMap(beside), `${newest.replace('x86_64', 'aarch64')}`],
    });
    expect(await find({ patterns: [at('/9/images/Rocky-9-GenericCloud-Base-*.qcow2')] })).toEqual({
      urls: [at(`/9/images/${newest}`)],
      checksumUrl: at(`/9/images/${newest}.CHECKSUM`),
    });
  });

  test('in directories, of which the newest holds no match yet', async () => {
    const { at } = await publisher({
      '/pub/': ['9/', '10/', '11/', '12-beta/', 'latest/'],
      '/pub/10/x/': ['disk-10.1.raw', 'SHA256SUMS'],
      '/pub/11/x/': ['README'],
    });
    expect(await find({ patterns: [at('/pub/*/x/disk-*.raw')] })).toEqual({
      urls: [at('/pub/10/x/disk-10.1.raw')],
      checksumUrl: at('/pub/10/x/SHA256SUMS'),
    });
  });

  test('of mirrors, and with a pattern for the checksum file', async () => {
    const listing = ['d-1.raw', 'd-2.raw', 'sums-1.txt', 'sums-2.txt'];
    const [one, two] = [await publisher({ '/a/': listing }), await publisher({ '/b/c/': listing })];
    const patterns = [one.at('/a/d-*.raw'), two.at('/b/c/d-*.raw')];
    expect(await find({ patterns, checksumUrl: two.at('/b/c/sums-*.txt') })).toEqual({
      urls: [one.at('/a/d-2.raw'), two.at('/b/c/d-2.raw')],
      checksumUrl: two.at('/b/c/sums-2.txt'),
    });
    expect(await catchFailure(find({ patterns: [patterns[0]!, two.at('/b/c/e-*.raw')] }))).toMatchObject({
      code: 'BAD_URL',
    });
    expect(await catchFailure(find({ patterns }))).toMatchObject({ code: 'CHECKSUM_FILE_MISSING' });
  });

  test('in a bucket, page by page', async () => {
    const { url, requests } = await serve((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, 'http://x');
      if (pathname !== '/' || searchParams.get('list-type') !== '2')
        return response.writeHead(403).end('<Error/>');
      const prefix = searchParams.get('prefix')!;
      const isFirst = searchParams.get('continuation-token') === null;
      response.end(
        isFirst
          ? bucketPage({ prefix, names: ['disk-9.raw', 'SHA256SUMS'], nextToken: 'next' })
          : bucketPage({ prefix, names: ['disk-10.raw'] }),
      );
    });
    expect((await find({ patterns: [`${url}/images/disk-*.raw`] })).urls).toEqual([
      `${url}/images/disk-10.raw`,
    ]);
    expect(requests).toHaveLength(3);
  });

  test('among thousands of names', async () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `disk-1.${index}.raw`);
    const { at } = await publisher({ '/': [...names, 'SHA256SUMS'] });
    expect((await find({ patterns: [at('/disk-*.raw')] })).urls).toEqual([at('/disk-1.19999.raw')]);
  });

  test('a listing after a redirect counts, and its files keep the URL that was asked for', async () => {
    const { at: there } = await publisher({ '/mirror/x/': ['disk-1.raw', 'disk-1.raw.sha256'] });
    const { url } = await serve((_request, response) =>
      response.writeHead(302, { location: there('/mirror/x/') }).end(),
    );
    expect((await find({ patterns: [`${url}/x/disk-*.raw`] })).urls).toEqual([`${url}/x/disk-1.raw`]);
  });

  test.each([
    'https://x/a/b.raw',
    'https://x/*/',
    'https://x/a*?b',
    'ftp://x/*',
    'https://x/*/../a',
    'https://x/[a',
  ])('%s is refused', async (pattern) => {
    expect(await catchFailure(find({ patterns: [pattern] }))).toMatchObject({ code: 'BAD_URL' });
  });

  test('over plain http, from another machine, only where that is allowed', async () => {
    expect(await catchFailure(find({ patterns: ['http://images.invalid/disk-*.raw'] }))).toMatchObject({
      code: 'INSECURE_INDEX',
    });
  });

  test('an index without an end', async () => {
    const { url } = await serve((_request, response) => {
      const more = () => response.destroyed || response.write('x'.repeat(2 ** 20), more);
      response.on('error', () => {});
      more();
    });
    expect(await catchFailure(find({ patterns: [`${url}/disk-*.raw`] }))).toMatchObject({
      code: 'INDEX_TOO_LARGE',
    });
  });
});
