import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { tagRecord } from '@ec2-image/provenance';
import { bucket, type TestAccount } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { TestImages } from './support/images.ts';
import { areEqualDisks } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

const key = 'disks/My Test 50%.x86_64.qcow2';

/** The image and its checksum file, as objects beside one another. */
async function putImage(
  { s3 }: Pick<TestAccount, 's3'>,
  {
    images,
    into,
    format = 'qcow2' as const,
  }: { images: TestImages; into: string; format?: 'qcow2' | 'raw.xz' },
) {
  const path = join(images.directory, basename(images.url(format)));
  const sums = await readFile(join(images.directory, 'CHECKSUM'), 'utf8');
  const put = (Key: string, Body: Buffer | string) =>
    s3.send(new PutObjectCommand({ Bucket: into, Key, Body }));
  await put(key, await readFile(path));
  await put('disks/SHA256SUMS', sums.replaceAll(basename(path), basename(key)));
  return { url: `s3://${into}/${key}`, 'checksum-url': `s3://${into}/disks/SHA256SUMS` };
}

const test = testWith({ formats: ['qcow2', 'raw.xz'] });

describe.each([
  ['s3', 'qcow2'],
  ['ebs', 'raw.xz'],
] as const)('by %s, an image in a bucket and its checksum file beside it', (via, format) => {
  test('become a snapshot of its disk, whose tags name the object; again it is reused', async ({
    images,
    account,
    runImport,
  }) => {
    const source = await putImage(account, { images, into: bucket, format });
    const flags = { ...source, arch: undefined, via };
    const { exitCode, stderr, result } = await runImport(flags);
    expect(exitCode, stderr).toBe(0);
    expect(result.source.url).toMatch(new RegExp(`^s3://${bucket}/disks/My`));
    expect(await areEqualDisks(images.disk, account.snapshotPath(result.snapshotId!))).toBe(true);
    expect(tagRecord((await account.contents()).images[0]!.Tags)['ec2-image:source-url']).toContain(
      `s3://${bucket}/disks/`,
    );
    expect((await runImport(flags)).result.outcome).toBe('reused');
  });
});

test('a bucket of another region than the import', async ({ images, account, runImport }) => {
  const far = account.observer.client(S3Client, { region: 'eu-west-1' });
  await far.send(
    new CreateBucketCommand({
      Bucket: 'far-images',
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    }),
  );
  const source = await putImage({ s3: far }, { images, into: 'far-images' });
  const { exitCode, stderr } = await runImport(source);
  expect(exitCode, stderr).toBe(0);
});

test('an object that is not there', async ({ account, runImport }) => {
  await account.s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: 'SHA256SUMS', Body: `${'a'.repeat(64)}  x.raw\n` }),
  );
  const { exitCode, result } = await runImport({
    url: `s3://${bucket}/x.raw`,
    'checksum-url': `s3://${bucket}/SHA256SUMS`,
  });
  expect([exitCode, result.error]).toMatchObject([
    1,
    {
      code: 'HTTP_NOT_FOUND',
      message: `s3://${bucket}/x.raw answered 404`,
      hint: expect.stringContaining('s3:GetObject'),
    },
  ]);
});

test.for(['s3://images', 's3:images/x', 's3://x/y'])('%s is refused', async (url) => {
  const { exitCode, stderr } = await runInProcess(['import', '--name', 'a', '--url', url]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('expected an http, https or s3 URL, or a path');
});
