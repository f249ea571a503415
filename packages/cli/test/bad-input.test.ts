import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DeleteTagsCommand } from '@aws-sdk/client-ec2';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { makeDenseQcow2 } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { openAccount, type TestAccount } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { TestImages } from './support/images.ts';
import { flagsOf, type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { peakOf } from './support/peak-memory.ts';
import { type CliEnd, runCli, startCli } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const test = testWith({
  account: { conditions: 'adverse' },
  disk: { sizeBytes: 16 * 2 ** 20, dataBytes: 2 * 2 ** 20 },
});

/** Nothing mutating reached the account but what the case itself did, and the document says one thing. */
async function expectFailure(
  account: TestAccount,
  run: Pick<CliEnd, 'exitCode' | 'stderr' | 'json'>,
  expected: { readonly code: string; readonly exitCode?: number; readonly says?: RegExp },
): Promise<void> {
  const document = run.json<ImportDocument>();
  const error = document.error ?? document.images[0]?.error;
  expect(error).toMatchObject({ code: expected.code, message: expect.stringMatching(expected.says ?? /./) });
  expect(error!.hint.length).toBeGreaterThan(10);
  expect(run.exitCode).toBe(expected.exitCode ?? 1);
  expect(run.stderr).toContain(`error ${expected.code}: `);
  expect(run.stderr).not.toMatch(/^\s+at /m);
  expect(await account.contents()).toMatchObject({ objects: [], uploads: [], snapshots: [], tasks: [] });
}

/** An image in the served directory that the checksum file knows nothing of. */
async function publish(
  images: TestImages,
  name: string,
  content: Buffer | string,
): Promise<{ url: string; sha256: string }> {
  await writeFile(join(images.directory, name), content);
  return { url: `${images.server.url}/${name}`, sha256: createHash('sha256').update(content).digest('hex') };
}

/** In this process, unless it is to have another environment. */
async function importing(
  account: TestAccount,
  flags: Readonly<Record<string, unknown>>,
  env?: Readonly<Record<string, string | undefined>>,
) {
  const workDirectory = await makeWorkDirectory();
  const args = importArgs({ account, workDirectory, ...flags });
  return { run: await (env ? runCli(args, { env }) : runInProcess(args)), workDirectory };
}

test('a header that names another file by two megabytes is refused before anybody thinks of Ctrl-C', async ({
  images,
  account,
}) => {
  const path = join(images.directory, 'named-at-length.qcow2');
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', 'cluster_size=2M', path, '1G']);
  const image = await readFile(path);
  const name = Buffer.alloc(2 * 2 ** 20 - 1024, 'a.');
  image.writeUInt32BE(0x44415441, image.readUInt32BE(100));
  image.writeUInt32BE(name.length, image.readUInt32BE(100) + 4);
  name.copy(image, image.readUInt32BE(100) + 8);
  const { url, sha256 } = await publish(images, 'named-at-length.qcow2', image);
  const run = startCli(importArgs({ account, workDirectory: await makeWorkDirectory(), url, sha256 }));
  const tooLong = setTimeout(() => run.child.kill('SIGKILL'), 30_000);
  const end = await run.ended;
  clearTimeout(tooLong);
  await expectFailure(account, end, { code: 'EXTERNAL_DATA_FILE', says: /^.{1,250}$/ });
}, 60_000);

describe.each([
  ['an extended table of data and zeros by turns, for 1 TiB', 2 ** 40, 'subclusters'],
  ['one for 16 TiB', 16 * 2 ** 40, 'data'],
] as const)('a map of a few hundred KiB: %s', (name, sizeBytes, clusters) => {
  test.for(['s3', 'ebs'] as const)(
    'is refused by way of %s within the memory of any import',
    { timeout: 60_000 },
    async (via, { images, account }) => {
      const path = join(images.directory, 'dense.qcow2');
      await makeDenseQcow2({ path, sizeBytes, clusters });
      const { url, sha256 } = await publish(images, `dense-${via}.qcow2`, await readFile(path));
      const workDirectory = await makeWorkDirectory();
      const run = startCli(importArgs({ account, workDirectory, url, sha256, via }));
      const peakBytes = await peakOf(run);
      await expectFailure(account, await run.ended, { code: 'DISK_TOO_LARGE' });
      expect(peakBytes, name).toBeGreaterThan(0);
      expect(peakBytes, name).toBeLessThan(256 * 2 ** 20);
    },
  );
});

test('an image that is not there', async ({ images, account }) => {
  const { run } = await importing(account, {
    url: `${images.server.url}/nothing.qcow2`,
    sha256: 'a'.repeat(64),
  });
  await expectFailure(account, run, { code: 'HTTP_NOT_FOUND', says: /404/ });
});

test('a wrong digest: downloads again, then names both digests and removes the file', async ({
  images,
  account,
}) => {
  const before = images.server.requests.length;
  const { run, workDirectory } = await importing(account, {
    url: images.url('qcow2'),
    sha256: 'a'.repeat(64),
    connections: 1,
  });
  await expectFailure(account, run, { code: 'DIGEST_MISMATCH', says: /a{64}/ });
  expect(images.server.requests.slice(before).filter(({ method }) => method === 'GET')).toHaveLength(2);
  const left = await readdir(workDirectory, { recursive: true });
  expect(left.filter((name) => /qcow2(\.partial)?$/.test(name))).toEqual([]);
});

test('a checksum file without the image', async ({ images, account }) => {
  await publish(images, 'other.qcow2', 'x');
  const { run } = await importing(account, {
    url: `${images.server.url}/other.qcow2`,
    'checksum-url': images.checksumUrl,
  });
  await expectFailure(account, run, {
    code: 'CHECKSUM_ENTRY_MISSING',
    says: /Test-Cloud-1\.0\.x86_64\.qcow2/,
  });
});

test('a body that always ends early', async ({ account }) => {
  const body = randomBytes(100_000);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, 50_000), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as { port: number };
    const { run, workDirectory } = await importing(account, {
      url: `http://127.0.0.1:${port}/disk.qcow2`,
      sha256: 'b'.repeat(64),
    });
    await expectFailure(account, run, { code: 'BODY_TRUNCATED' });
    const left = await readdir(workDirectory, { recursive: true });
    expect(left.filter((name) => name.endsWith('.qcow2'))).toEqual([]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}, 120_000);

test('a qcow2 that names /etc/passwd as its backing file', async ({ images, account }) => {
  const path = join(await makeWorkDirectory(), 'backed.qcow2');
  await execa('qemu-img', ['create', '-f', 'qcow2', '-b', '/etc/passwd', '-F', 'raw', path, '16M']);
  const { run } = await importing(account, await publish(images, 'backed.qcow2', await readFile(path)));
  await expectFailure(account, run, { code: 'BACKING_FILE', says: /backing file/ });
});

test('a text VMDK that names a file of this machine', async ({ images, account }) => {
  const descriptor = `# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\n\nRW 8 FLAT "/etc/passwd" 0\n`;
  const { run } = await importing(account, await publish(images, 'host-file.vmdk', descriptor));
  await expectFailure(account, run, { code: 'VMDK_NOT_SELF_CONTAINED' });
});

test('an HTML page named .qcow2', async ({ images, account }) => {
  const { run } = await importing(
    account,
    await publish(images, 'page.qcow2', '<!DOCTYPE html><html><body>Sign in</body></html>'),
  );
  await expectFailure(account, run, { code: 'HTML_PAGE' });
});

test('a compressed file without a disk inside', async ({ images, account }) => {
  const { run } = await importing(
    account,
    await publish(images, 'notes.raw.gz', gzipSync('<html>no disk</html>'.repeat(100))),
  );
  await expectFailure(account, run, { code: 'NO_DISK_INSIDE' });
});

test('a disk without a partition table', async ({ images, account }) => {
  const { run } = await importing(
    account,
    await publish(images, 'blank.raw', Buffer.alloc(2 ** 20, '\x01\xff\x00')),
  );
  await expectFailure(account, run, { code: 'NOT_BOOTABLE' });
});

test('a work directory that is full', async ({ images, account }) => {
  const full = await temporaryDirectory('full');
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', full]);
  try {
    const run = await runInProcess(
      importArgs({
        account,
        workDirectory: full,
        url: images.url('qcow2'),
        'checksum-url': images.checksumUrl,
      }),
    );
    await expectFailure(account, run, { code: 'WORK_DIRECTORY_FULL' });
  } finally {
    await execa('umount', [full]);
  }
});

test.for([
  ['qemu-img', 'disk.qcow2', 'QEMU_IMG_MISSING'],
  ['xz', 'disk.raw.xz', 'XZ_MISSING'],
] as const)(
  'a machine without %s: nothing of a %s is fetched',
  async ([_, name, code], { images, account }) => {
    const image = await publish(images, name, randomBytes(1000));
    const served = images.server.requests.length;
    const { run } = await importing(account, image, { PATH: await makeWorkDirectory() });
    await expectFailure(account, run, { code });
    expect(images.server.requests.slice(served)).toEqual([]);
  },
);

test('no credentials: nothing starts', async ({ images, account }) => {
  const { run } = await importing(
    account,
    { url: images.url('qcow2'), 'checksum-url': images.checksumUrl },
    { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
  );
  await expectFailure(account, run, { code: 'CREDENTIALS_MISSING' });
  expect(run.json<ImportDocument>().images).toEqual([]);
});

test('expired credentials: nothing starts', async ({ images, account }) => {
  account.aws.faults.add({
    match: { service: 'sts' },
    times: 'always',
    action: { kind: 'error', preset: 'expired-token' },
  });
  const { run } = await importing(account, { url: images.url('qcow2'), 'checksum-url': images.checksumUrl });
  account.aws.faults.clear();
  await expectFailure(account, run, { code: 'CREDENTIALS_EXPIRED' });
  expect(run.json<ImportDocument>().images).toEqual([]);
});

test('no such bucket: nothing is downloaded', async ({ images, account }) => {
  const before = images.server.requests.length;
  const { run } = await importing(account, {
    url: images.url('qcow2'),
    sha256: 'c'.repeat(64),
    bucket: 'no-such-bucket',
  });
  await expectFailure(account, run, { code: 'NO_SUCH_BUCKET', says: /no-such-bucket/ });
  expect(run.json<ImportDocument>().images[0]!.source.digest).toBe(`sha256:${'c'.repeat(64)}`);
  expect(images.server.requests).toHaveLength(before);
});

test('a bucket in another region: nothing is downloaded', async ({ images, account }) => {
  await account.observer.client(S3Client, { region: 'eu-west-1' }).send(
    new CreateBucketCommand({
      Bucket: 'far-away',
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    }),
  );
  const before = images.server.requests.length;
  const { run } = await importing(account, {
    url: images.url('qcow2'),
    sha256: 'c'.repeat(64),
    bucket: 'far-away',
  });
  await expectFailure(account, run, { code: 'BUCKET_ELSEWHERE', says: /eu-west-1/ });
  expect(images.server.requests).toHaveLength(before);
});

test('a name that somebody else has given to an AMI: nothing is touched', async ({ images }) => {
  await using own = await openAccount({ conditions: 'adverse' });
  const first = await runInProcess(
    importArgs({
      account: own,
      workDirectory: await makeWorkDirectory(),
      url: images.url('qcow2'),
      'checksum-url': images.checksumUrl,
      suffix: 'taken',
    }),
  );
  // What proves that it is ours goes, from the AMI and from its snapshot.
  const { imageId, snapshotId, tags } = first.json<ImportDocument>().images[0]!;
  await own.ec2.send(
    new DeleteTagsCommand({
      Resources: [imageId!, snapshotId!],
      Tags: Object.keys(tags).map((Key) => ({ Key })),
    }),
  );
  const before = images.server.requests.length;
  const run = await runInProcess(
    importArgs({
      account: own,
      workDirectory: await makeWorkDirectory(),
      url: images.url('qcow2'),
      sha256: 'c'.repeat(64),
      suffix: 'taken',
    }),
  );
  const [result] = run.json<ImportDocument>().images;
  expect(result!.error).toMatchObject({ code: 'AMI_NAME_TAKEN', message: expect.stringContaining(imageId!) });
  expect(images.server.requests).toHaveLength(before);
  expect((await own.contents()).images).toHaveLength(1);
});

test.each([
  ['an unknown option', ['import', '--nmae', 'x'], 'USAGE'],
  ['an unknown command', ['imprt'], 'USAGE'],
  [
    'a bad architecture',
    ['import', ...flagsOf({ name: 'a', url: 'x', sha256: 'a'.repeat(64), arch: 'i386', bucket: 'abc' })],
    'BAD_OPTION',
  ],
  [
    'a name EC2 does not take',
    ['import', ...flagsOf({ name: 'a*', url: 'x', sha256: 'a'.repeat(64), arch: 'arm64', bucket: 'abc' })],
    'BAD_AMI_NAME',
  ],
  [
    'a missing setting',
    ['import', ...flagsOf({ name: 'a', url: 'x', sha256: 'a'.repeat(64), arch: 'arm64' })],
    'MISSING_SETTING',
  ],
  ['a configuration that is not there', ['import', '--config', '/nonexistent.yaml'], 'CONFIG_NOT_FOUND'],
  ['nothing to import', ['import'], 'NOTHING_TO_IMPORT'],
])('%s is refused with exit code 2, on stderr', async (_what, args, code) => {
  const cwd = await makeWorkDirectory();
  await mkdir(join(cwd, 'empty'));
  const run = await runCli(args, { cwd: join(cwd, 'empty') });
  expect(run).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(`error ${code}: `) });
  expect(await readdir(join(cwd, 'empty'))).toEqual([]);
});

test('help has examples and goes to stdout, for every command', async () => {
  for (const command of ['import', 'janitor', 'tag-fix', 'verify', 'doctor', 'demo']) {
    const { exitCode, stdout, stderr } = await runInProcess([command, '--help']);
    expect({ command, exitCode, stderr }).toEqual({ command, exitCode: 0, stderr: '' });
    expect(stdout).toContain('Examples');
  }
});
