import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { checksumOf } from '@ec2-image/checksum';
import { describe, expect, openAccount, type TestAccount, testWith } from '../support/account.ts';
import { element, send } from '../support/raw.ts';

const Bucket = 'disks';
const content = Buffer.from('a disk’s worth of bytes, more or less');
const test = testWith({ buckets: [Bucket] });
let counter = 0;

const newKey = () => `key-${++counter}`;
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

async function put(account: TestAccount, input: Partial<PutObjectCommandInput> = {}) {
  const Key = input.Key ?? newKey();
  const answer = await account.s3.send(new PutObjectCommand({ Bucket, Body: content, ...input, Key }));
  return { Key, answer };
}
async function get(account: TestAccount, input: Partial<GetObjectCommandInput> & { Key: string }) {
  const { Body, ...answer } = await account.s3.send(new GetObjectCommand({ Bucket, ...input }));
  return { ...answer, text: await Body!.transformToString() };
}
const head = (account: TestAccount, Key: string) =>
  account.s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
const refused = (name: string, status: number) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: status }) });

describe('an object comes back as it was put', () => {
  test('with its metadata, type and the like', async ({ account }) => {
    const given = {
      ContentType: 'application/x-vhdx',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      StorageClass: 'STANDARD_IA',
      Metadata: { 'ec2-image-source-digest': 'sha256:00', name: 'a, b' },
    } as const;
    const { Key, answer } = await put(account, { ...given, Tagging: 'a=1' });
    expect(answer.ETag).toBe(`"${md5(content)}"`);
    const read = await get(account, { Key });
    expect(read).toMatchObject({ ...given, ContentLength: content.length, ETag: answer.ETag, TagCount: 1 });
    expect(read.text).toBe(content.toString());
    expect(read.ServerSideEncryption).toBe('AES256');
    const told = await account.s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect(told).toMatchObject({ ...given, ContentLength: content.length, ETag: answer.ETag });
  });

  test('also when there is nothing in it', async ({ account }) => {
    const { Key, answer } = await put(account, { Body: Buffer.alloc(0) });
    expect(answer.ETag).toBe('"d41d8cd98f00b204e9800998ecf8427e"');
    expect(await get(account, { Key })).toMatchObject({
      text: '',
      ContentLength: 0,
      ContentType: 'application/octet-stream',
    });
    await expect(get(account, { Key, Range: 'bytes=0-' })).rejects.toEqual(refused('InvalidRange', 416));
  });

  test('in the place of the one before', async ({ account }) => {
    const { Key } = await put(account);
    await put(account, { Key, Body: 'new' });
    expect((await get(account, { Key })).text).toBe('new');
  });

  test('by ranges, and never more than there is', async ({ account }) => {
    const { Key } = await put(account);
    expect(await get(account, { Key, Range: 'bytes=2-5' })).toMatchObject({
      text: content.toString('utf8', 2, 6),
      ContentRange: `bytes 2-5/${content.length}`,
      ContentLength: 4,
    });
    expect((await get(account, { Key, Range: 'bytes=-4' })).text).toBe('less');
    await expect(get(account, { Key, Range: `bytes=${content.length}-` })).rejects.toMatchObject({
      name: 'InvalidRange',
      ActualObjectSize: String(content.length),
    });
  });

  test('only on conditions', async ({ account }) => {
    const { Key, answer } = await put(account);
    const past = new Date(Date.now() - 60_000);
    expect((await get(account, { Key, IfMatch: answer.ETag })).text).toBe(content.toString());
    await expect(get(account, { Key, IfMatch: '"00"' })).rejects.toEqual(refused('PreconditionFailed', 412));
    await expect(get(account, { Key, IfNoneMatch: answer.ETag })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    await expect(get(account, { Key, IfUnmodifiedSince: past })).rejects.toEqual(
      refused('PreconditionFailed', 412),
    );
  });

  test('with other headers where the request says so', async ({ account }) => {
    const { Key } = await put(account);
    const read = await get(account, {
      Key,
      ResponseContentType: 'text/plain',
      ResponseContentDisposition: 'inline',
    });
    expect(read).toMatchObject({ ContentType: 'text/plain', ContentDisposition: 'inline' });
  });

  test('or not at all', async ({ account }) => {
    await expect(get(account, { Key: 'nothing' })).rejects.toEqual(refused('NoSuchKey', 404));
    await expect(head(account, 'nothing')).rejects.toEqual(refused('NotFound', 404));
  });
});

describe('checksums', () => {
  test.for(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    '%s is verified, kept and told',
    async (algorithm, { account }) => {
      const { Key, answer } = await put(account, { ChecksumAlgorithm: algorithm });
      const told = { [`Checksum${algorithm}`]: checksumOf(algorithm, content), ChecksumType: 'FULL_OBJECT' };
      expect(answer).toMatchObject(told);
      expect(await head(account, Key)).toMatchObject(told);
      const { Checksum } = await account.s3.send(
        new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['Checksum'] }),
      );
      expect(Checksum).toEqual(told);
      const wrong = put(account, { [`Checksum${algorithm}`]: checksumOf(algorithm, Buffer.from('other')) });
      await expect(wrong).rejects.toEqual(refused('BadDigest', 400));
    },
  );

  test('S3 computes CRC64NVME where the client sends none', async ({ account }) => {
    const key = newKey();
    const answer = await send(account.aws.url, { method: 'PUT', target: `/${Bucket}/${key}`, body: content });
    expect(answer.headers['x-amz-checksum-crc64nvme']).toBe(checksumOf('CRC64NVME', content));
    expect((await head(account, key)).ChecksumCRC64NVME).toBe(checksumOf('CRC64NVME', content));
  });

  test('are told only when asked for, and only of the whole', async ({ account }) => {
    const { Key } = await put(account);
    expect((await account.s3.send(new HeadObjectCommand({ Bucket, Key }))).ChecksumCRC32).toBeUndefined();
    const part = await get(account, { Key, Range: 'bytes=0-3', ChecksumMode: 'ENABLED' });
    expect(part.ChecksumCRC32).toBeUndefined();
  });

  test.for([
    ['the MD5 of something else', { 'content-md5': 'rL0Y20zC+Fzt72VPzMSk2A==' }, 'BadDigest'],
    ['an MD5 that is none', { 'content-md5': 'abc' }, 'InvalidDigest'],
    ['a checksum that is none', { 'x-amz-checksum-crc32': 'abc' }, 'InvalidRequest'],
    [
      'two checksums',
      { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-crc32c': 'AAAAAA==' },
      'InvalidRequest',
    ],
    ['an algorithm without its value', { 'x-amz-sdk-checksum-algorithm': 'CRC32' }, 'InvalidRequest'],
    [
      'a payload hash of something else',
      { 'x-amz-content-sha256': '0'.repeat(64) },
      'XAmzContentSHA256Mismatch',
    ],
  ] as const)('%s: the object is refused, and nothing is kept', async ([_, headers, code], { account }) => {
    const key = newKey();
    const answer = await send(account.aws.url, {
      method: 'PUT',
      target: `/${Bucket}/${key}`,
      body: content,
      headers,
    });
    expect([element(answer.body, 'Code'), answer.status]).toEqual([code, 400]);
    await expect(head(account, key)).rejects.toEqual(refused('NotFound', 404));
  });
});

describe('a conditional write', () => {
  test('only where nothing is', async ({ account }) => {
    const { Key } = await put(account, { IfNoneMatch: '*' });
    await expect(put(account, { Key, IfNoneMatch: '*' })).rejects.toEqual(refused('PreconditionFailed', 412));
    await account.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await put(account, { Key, IfNoneMatch: '*' });
  });

  test('only over what is expected', async ({ account }) => {
    const { Key, answer } = await put(account);
    await put(account, { Key, Body: 'new', IfMatch: answer.ETag });
    await expect(put(account, { Key, IfMatch: answer.ETag })).rejects.toEqual(
      refused('PreconditionFailed', 412),
    );
    await expect(put(account, { IfMatch: answer.ETag })).rejects.toEqual(refused('NoSuchKey', 404));
  });

  test('of many at once one wins', async ({ account }) => {
    const Key = newKey();
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => put(account, { Key, Body: `writer ${n}`, IfNoneMatch: '*' })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('a delete only of what is expected', async ({ account }) => {
    const { Key, answer } = await put(account);
    const remove = (IfMatch: string) => account.s3.send(new DeleteObjectCommand({ Bucket, Key, IfMatch }));
    await expect(remove('"00"')).rejects.toEqual(refused('PreconditionFailed', 412));
    await remove(answer.ETag!);
    await expect(head(account, Key)).rejects.toEqual(refused('NotFound', 404));
  });
});

describe('encryption by KMS', () => {
  test('hides the MD5, and names the key', async ({ account }) => {
    const { Key, answer } = await put(account, { ServerSideEncryption: 'aws:kms' });
    expect(answer.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(answer.ETag).not.toBe(`"${md5(content)}"`);
    expect(answer.SSEKMSKeyId).toMatch(/^arn:aws:kms:us-east-1:123456789012:key\/[0-9a-f-]{36}$/);
    const told = await head(account, Key);
    expect([told.ETag, told.ServerSideEncryption, told.SSEKMSKeyId]).toEqual([
      answer.ETag,
      'aws:kms',
      answer.SSEKMSKeyId,
    ]);
  });
});

describe('deletes', () => {
  test('what is not there is deleted', async ({ account }) => {
    const { $metadata } = await account.s3.send(new DeleteObjectCommand({ Bucket, Key: 'nothing' }));
    expect($metadata.httpStatusCode).toBe(204);
  });

  test('many at once, quietly or not', async ({ account }) => {
    const keys = (
      await Promise.all([put(account), put(account), put(account, { Key: 'odd <key> & "more"' })])
    ).map(({ Key }) => Key);
    const Objects = [...keys, 'nothing'].map((Key) => ({ Key }));
    const { Deleted, Errors } = await account.s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
    );
    expect(Deleted).toEqual(Objects);
    expect(Errors).toBeUndefined();
    for (const Key of keys) await expect(head(account, Key)).rejects.toEqual(refused('NotFound', 404));
    const quiet = await account.s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    expect(quiet.Deleted).toBeUndefined();
  });

  test('one that fails stops no other', async ({ account }) => {
    const [one, other] = await Promise.all([put(account), put(account)]);
    const Objects = [{ Key: one.Key, ETag: '"00"' }, { Key: other.Key }];
    const { Deleted, Errors } = await account.s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
    );
    expect(Deleted).toEqual([{ Key: other.Key }]);
    expect(Errors).toMatchObject([{ Key: one.Key, Code: 'PreconditionFailed' }]);
  });

  test('a list that nothing vouches for is refused', async ({ account }) => {
    const body = '<Delete><Object><Key>k</Key></Object></Delete>';
    const answer = await send(account.aws.url, { method: 'POST', target: `/${Bucket}?delete`, body });
    expect(element(answer.body, 'Code')).toBe('InvalidRequest');
  });
});

describe('copies', () => {
  const copy = (
    account: TestAccount,
    input: Omit<ConstructorParameters<typeof CopyObjectCommand>[0], 'Bucket'>,
  ) => account.s3.send(new CopyObjectCommand({ Bucket, ...input }));

  test('bring the bytes, metadata and tags along', async ({ account }) => {
    const { Key: source, answer } = await put(account, {
      Metadata: { a: '1' },
      ContentType: 'text/plain',
      Tagging: 't=1',
    });
    const Key = 'a copy/of it+';
    const { CopyObjectResult } = await copy(account, { Key, CopySource: `${Bucket}/${source}` });
    expect(CopyObjectResult).toMatchObject({ ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 });
    expect(await get(account, { Key })).toMatchObject({
      text: content.toString(),
      Metadata: { a: '1' },
      ContentType: 'text/plain',
      TagCount: 1,
    });
    await copy(account, { Key: newKey(), CopySource: encodeURIComponent(`${Bucket}/${Key}`) });
  });

  test('or other metadata, if they say so', async ({ account }) => {
    const { Key } = await put(account, { Metadata: { a: '1' } });
    const input = { Key, CopySource: `${Bucket}/${Key}`, Metadata: { b: '2' } };
    await expect(copy(account, input)).rejects.toEqual(refused('InvalidRequest', 400));
    await copy(account, { ...input, MetadataDirective: 'REPLACE' });
    expect((await head(account, Key)).Metadata).toEqual({ b: '2' });
  });

  test('only on conditions, and of what is there', async ({ account }) => {
    const { Key: source, answer } = await put(account);
    const input = { Key: newKey(), CopySource: `${Bucket}/${source}` };
    await copy(account, { ...input, CopySourceIfMatch: answer.ETag });
    await expect(copy(account, { ...input, CopySourceIfMatch: '"00"' })).rejects.toEqual(
      refused('PreconditionFailed', 412),
    );
    await expect(copy(account, { ...input, CopySource: `${Bucket}/nothing` })).rejects.toEqual(
      refused('NoSuchKey', 404),
    );
  });
});

test('tags are set, told and removed', async ({ account }) => {
  const { Key } = await put(account);
  const TagSet = [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: 'two words' },
  ];
  const tags = async () => (await account.s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
  await account.s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
  expect(await tags()).toEqual(TagSet);
  await account.s3.send(new DeleteObjectTaggingCommand({ Bucket, Key }));
  expect(await tags()).toEqual([]);
});

test('attributes are those that were asked for', async ({ account }) => {
  const { Key, answer } = await put(account);
  const attributes = await account.s3.send(
    new GetObjectAttributesCommand({
      Bucket,
      Key,
      ObjectAttributes: ['ETag', 'ObjectSize', 'StorageClass', 'ObjectParts'],
    }),
  );
  const { $metadata: _, LastModified, ...rest } = attributes;
  expect(rest).toEqual({
    ETag: answer.ETag?.replaceAll('"', ''),
    ObjectSize: content.length,
    StorageClass: 'STANDARD',
  });
  expect(LastModified).toBeInstanceOf(Date);
});

describe('what is more than S3, or the emulator, takes', () => {
  test.each([
    ['a key of 1025 bytes', 'k'.repeat(1025), {}, 400, 'KeyTooLongError'],
    ['metadata of more than 2 KB', 'k', { 'x-amz-meta-a': 'a'.repeat(2048) }, 400, 'MetadataTooLarge'],
    ['a storage class that is none', 'k', { 'x-amz-storage-class': 'CHEAP' }, 400, 'InvalidStorageClass'],
    ['an ACL for others', 'k', { 'x-amz-acl': 'public-read' }, 400, 'AccessControlListNotSupported'],
    ['an encryption that is none', 'k', { 'x-amz-server-side-encryption': 'rot13' }, 400, 'InvalidArgument'],
    ['an object lock', 'k', { 'x-amz-object-lock-mode': 'GOVERNANCE' }, 501, 'NotImplemented'],
    [
      'a checksum that Node has not',
      'k',
      { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' },
      501,
      'NotImplemented',
    ],
  ])('%s', async (_, key, headers: Record<string, string>, status, code) => {
    const quiet = await openAccount({ buckets: [Bucket], onNotice: () => {} });
    await using _closing = quiet;
    const answer = await send(quiet.aws.url, {
      method: 'PUT',
      target: `/${Bucket}/${key}`,
      body: content,
      headers,
    });
    expect([answer.status, element(answer.body, 'Code')]).toEqual([status, code]);
  });
});
