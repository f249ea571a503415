import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compositeETag } from '@ec2-image/checksum';
import { execa } from 'execa';
import { exampleCredentials } from '../../src/start-local-aws.ts';
import { expect, type TestAccount, testWith } from '../support/account.ts';

/** The aws command of the machine, of version 1 or 2: other code than the SDK of the other tests, and what users type. */
const MiB = 1024 * 1024;
const disk = randomBytes(20 * MiB + 3);

/** The aws command of the machine, of version 1 or 2: other code than the SDK of the other tests, and what users type. */
const test = testWith({ buckets: ['by-hand', 'shared'] })
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('directory', { scope: 'file' }, async ({}, { onCleanup }) => {
    const directory = await mkdtemp(join(tmpdir(), 'local-aws-cli-'));
    onCleanup(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, 'disk.raw'), disk);
    // Version 1 presigns by version 2 of the signature, which S3 refuses for every bucket made since June 2020.
    await writeFile(join(directory, 'config'), '[default]\ns3 =\n  signature_version = s3v4\n');
    return directory;
  });
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

/** With a key whose signatures are verified. */
async function aws(account: TestAccount, directory: string, ...command: string[]): Promise<string> {
  const { stdout } = await execa('aws', ['--endpoint-url', account.aws.url, '--output', 'json', ...command], {
    cwd: directory,
    extendEnv: false,
    env: {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: exampleCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: exampleCredentials.secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: join(directory, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    },
  });
  return stdout;
}
const answer = async (account: TestAccount, directory: string, ...command: string[]) =>
  JSON.parse(await aws(account, directory, 's3api', ...command));

test('a file of several parts goes there and back with s3 cp, and is listed and told of', async ({
  account,
  directory,
}) => {
  await aws(account, directory, 's3', 'mb', 's3://images');
  await aws(
    account,
    directory,
    's3',
    'cp',
    '--no-progress',
    'disk.raw',
    's3://images/disks/disk.raw',
    '--metadata',
    'ec2-image-version=1',
  );
  expect(await aws(account, directory, 's3', 'ls', 's3://images/disks/')).toMatch(
    new RegExp(`${disk.length} disk\\.raw$`),
  );
  const parts = [disk.subarray(0, 8 * MiB), disk.subarray(8 * MiB, 16 * MiB), disk.subarray(16 * MiB)];
  expect(
    await answer(account, directory, 'head-object', '--bucket', 'images', '--key', 'disks/disk.raw'),
  ).toMatchObject({
    ContentLength: disk.length,
    ETag: `"${compositeETag(parts.map(md5))}"`,
    ServerSideEncryption: 'AES256',
    Metadata: { 'ec2-image-version': '1' },
  });
  await aws(account, directory, 's3', 'cp', '--no-progress', 's3://images/disks/disk.raw', 'back.raw');
  expect((await readFile(join(directory, 'back.raw'))).equals(disk)).toBe(true);
});

test('an upload is made by hand, part by part', async ({ account, directory }) => {
  const object = ['--bucket', 'by-hand', '--key', 'a key/with odd+names'];
  await writeFile(join(directory, 'part-1'), disk.subarray(0, 5 * MiB));
  await writeFile(join(directory, 'part-2'), 'the rest');
  const { UploadId } = await answer(
    account,
    directory,
    'create-multipart-upload',
    ...object,
    '--checksum-algorithm',
    'SHA256',
  );
  const upload = [...object, '--upload-id', UploadId];
  const send = async (number: number) => {
    const body = [
      '--part-number',
      String(number),
      '--body',
      `part-${number}`,
      '--checksum-algorithm',
      'SHA256',
    ];
    const { ETag, ChecksumSHA256 } = await answer(account, directory, 'upload-part', ...upload, ...body);
    return { PartNumber: number, ETag, ChecksumSHA256 };
  };
  const sent = await Promise.all([send(1), send(2)]);
  const [{ Parts }, { Uploads }] = await Promise.all([
    answer(account, directory, 'list-parts', ...upload),
    answer(account, directory, 'list-multipart-uploads', '--bucket', 'by-hand'),
  ]);
  expect(Parts).toMatchObject(sent);
  expect(Uploads).toMatchObject([{ UploadId, Key: object[3] }]);
  const done = await answer(
    account,
    directory,
    'complete-multipart-upload',
    ...upload,
    '--multipart-upload',
    JSON.stringify({ Parts: sent }),
  );
  expect(done.ChecksumSHA256).toMatch(/-2$/);
  const attributes = await answer(
    account,
    directory,
    'get-object-attributes',
    ...object,
    '--object-attributes',
    'ObjectSize',
    'ObjectParts',
  );
  expect(attributes).toMatchObject({ ObjectSize: 5 * MiB + 8, ObjectParts: { TotalPartsCount: 2 } });
});

test('a presigned URL works for who has none of the keys, and an error is understood', async ({
  account,
  directory,
}) => {
  const missing = aws(
    account,
    directory,
    's3api',
    'get-object',
    '--bucket',
    'shared',
    '--key',
    'nothing',
    'out',
  );
  await expect(missing).rejects.toMatchObject({ stderr: expect.stringContaining('(NoSuchKey)') });
  const [presigned] = await Promise.all([
    aws(account, directory, 's3', 'presign', 's3://shared/a b'),
    aws(
      account,
      directory,
      's3api',
      'put-object',
      '--bucket',
      'shared',
      '--key',
      'a b',
      '--body',
      'disk.raw',
    ),
  ]);
  const url = presigned.trim();
  const response = await fetch(url);
  expect(md5(Buffer.from(await response.arrayBuffer()))).toBe(md5(disk));
  expect((await fetch(url.replace(/Signature=../, 'Signature=00'))).status).toBe(403);
});
