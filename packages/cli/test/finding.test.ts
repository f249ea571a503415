import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { tagRecord } from '@ec2-image/provenance';
import { bucket } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const directory = '/linux/releases/43/Cloud/x86_64/images/';
const older = 'Fedora-Cloud-Base-Generic-43-1.9.x86_64.qcow2';
const newest = 'Fedora-Cloud-Base-Generic-43-1.10.x86_64.qcow2';
const checksum = 'Fedora-Cloud-43-1.10-x86_64-CHECKSUM';

/** Fedora's server as far as it is needed: a listing, and what it lists. */
const test = testWith().extend('fedora', { scope: 'file' }, async ({ images }, { onCleanup }) => {
  const file = await readFile(join(images.directory, basename(images.url('qcow2'))));
  const digest = createHash('sha256').update(file).digest('hex');
  const links = [older, newest, 'Fedora-Cloud-43-1.9-x86_64-CHECKSUM', checksum, '../evil.qcow2'];
  const served: Readonly<Record<string, string | Buffer>> = {
    [directory]: links.map((name) => `<img alt="[ ]"> <a href="${name}">${name}</a>`).join('\n'),
    [directory + checksum]: `# ${newest}: 1 bytes\nSHA256 (${newest}) = ${digest}\n`,
    [directory + newest]: file,
  };
  const server = createServer((request, response) => {
    const content = served[request.url!];
    if (content === undefined) response.writeHead(404).end();
    else response.end(content);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onCleanup(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, digest };
});

test('fedora: 43 is found, shown, recorded, and pinned; fed back it is reused', async ({
  fedora,
  account,
  workDirectory,
}) => {
  const path = join(await temporaryDirectory('finding'), 'ec2-image.yaml');
  await writeFile(
    path,
    `region: us-east-1
bucket: ${bucket}
poll-interval: 0.05
suffix: 1
images:
  one:
    # the newest
    fedora: 43
    arch: x86_64
    index-url: ${fedora.url}/linux/
    variant: Generic
    tag: { team: images }
`,
  );
  const rest = ['--endpoint-url', account.aws.url, '--work-dir', workDirectory, '--json'];
  const run = async () => runInProcess(['import', '--config', path, ...rest]);
  const first = await run();
  const { images, next } = first.json<ImportDocument>();
  const url = fedora.url + directory + newest;
  const checksumUrl = fedora.url + directory + checksum;
  expect(images[0]).toMatchObject({
    outcome: 'imported',
    source: { url, digest: `sha256:${fedora.digest}` },
  });
  expect(first.stderr).toContain(`fedora 43: found ${url}, checksum ${checksumUrl}`);
  const [ami] = (await account.contents()).images;
  expect(tagRecord(ami!.Tags)).toMatchObject({ 'ec2-image:source-url': url });
  expect(next).toContain(`    # the newest
    url: ${url} # fedora: 43
    sha256: ${fedora.digest} # from ${checksumUrl}
    arch: x86_64
    tag: { team: images }
`);
  expect(next).not.toMatch(/index-url|variant|^ *fedora:/m);

  await writeFile(path, next);
  expect((await run()).json<ImportDocument>().images[0]).toMatchObject({ outcome: 'reused' });
});

test('a pattern, by flags, with the architecture of its name; the same image again is reused', async ({
  fedora,
  argsOf,
}) => {
  const flags = {
    url: undefined,
    arch: undefined,
    'checksum-url': undefined,
    'latest-url': `${fedora.url}${directory}Fedora-Cloud-Base-Generic-*.x86_64.qcow2`,
    suffix: '1',
  };
  const [first] = (await runInProcess(argsOf(flags))).json<ImportDocument>().images;
  expect(first).toMatchObject({
    outcome: 'imported',
    architecture: 'x86_64',
    source: { url: fedora.url + directory + newest },
  });
  const again = (await runInProcess(argsOf(flags))).json<ImportDocument>();
  expect(again.images[0]).toMatchObject({ outcome: 'reused', imageId: first!.imageId });
  expect(again.next).toContain(`url: ${fedora.url + directory + newest} # latest-url: `);
});

test('what is not there ends one image, not the others', async ({ fedora, account, workDirectory }) => {
  const path = join(await temporaryDirectory('finding'), 'ec2-image.yaml');
  await writeFile(
    path,
    `region: us-east-1\nbucket: ${bucket}\n` +
      `images:\n  missing: {fedora: 99, arch: x86_64, index-url: "${fedora.url}/linux"}\n` +
      `  arm: {fedora: 43, arch: arm64, index-url: "${fedora.url}/linux"}\n` +
      `  there: {fedora: 43, arch: amd64, index-url: "${fedora.url}/linux"}\n`,
  );
  const rest = [
    '--endpoint-url',
    account.aws.url,
    '--work-dir',
    workDirectory,
    '--json',
    '--poll-interval',
    '0.05',
  ];
  const end = await runInProcess(['import', '--config', path, ...rest]);
  expect(end.exitCode).toBe(1);
  const { images } = end.json<ImportDocument>();
  expect(images.map(({ outcome, error }) => [outcome, error?.code])).toEqual([
    ['failed', 'NO_SUCH_RELEASE'],
    ['failed', 'NO_SUCH_RELEASE'],
    ['imported', undefined],
  ]);
  expect(images[0]!.source.url).toBe('fedora 99');
});

describe('a wrong command line', () => {
  const common = ['import', '--name', 'one', '--bucket', 'abc'];
  test.for([
    [['--ubuntu', '24.1'], 'BAD_OPTION', 'a release of Ubuntu such as 26.04'],
    [['--fedora', '../43'], 'BAD_OPTION', 'a release of Fedora'],
    [['--debian', '13', '--variant', '../x'], 'BAD_OPTION', 'a variant such as'],
    [['--latest-url', 'https://example.org/disk.raw'], 'BAD_OPTION', 'with a * in its path'],
    [['--fedora', '43'], 'MISSING_SETTING', '--arch'],
    [
      ['--fedora', '43', '--debian', '13', '--arch', 'arm64'],
      'SOURCE_TWICE',
      'fedora and debian are mutually exclusive',
    ],
    [
      ['--latest-url', 'https://x/*-amd64', '--variant', 'y'],
      'INDEX_URL_UNUSED',
      'variant cannot be combined',
    ],
    [
      ['--latest-url', 'https://x/*-amd64', '--arch', 'arm64'],
      'ARCH_CONTRADICTION',
      'is an image for x86_64',
    ],
  ] as const)('%j', async ([flags, code, says]) => {
    const { exitCode, stderr } = await runInProcess([...common, ...flags]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(code)]);
    expect(stderr).toContain(says);
  });
});

test('a release is text: 24.10 is asked for as it is written', async ({ account, workDirectory }) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    response.end(JSON.stringify({ products: { p: { version: '24.1', arch: 'amd64', versions: {} } } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const path = join(await temporaryDirectory('finding'), 'ec2-image.yaml');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(
    path,
    `bucket: ${bucket}\nimages:\n  one: {ubuntu: 24.10, arch: amd64, index-url: "${url}"}\n`,
  );
  const rest = ['--endpoint-url', account.aws.url, '--work-dir', workDirectory, '--json'];
  const [image] = (await runInProcess(['import', '--config', path, ...rest])).json<ImportDocument>().images;
  server.close();
  expect(image!.error).toMatchObject({
    code: 'NO_SUCH_RELEASE',
    message: expect.stringContaining('Ubuntu 24.10'),
  });
  expect(asked).toEqual(['/releases/streams/v1/com.ubuntu.cloud:released:download.json']);
});
