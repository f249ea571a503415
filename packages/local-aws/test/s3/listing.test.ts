import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { seedS3 } from '../../src/s3/seed.ts';
import { describe, expect, type TestAccount, testWith } from '../support/account.ts';
import { element, send } from '../support/raw.ts';

const test = testWith();

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('objects', () => {
  const Bucket = 'odd-names';
  const keys = [
    'a',
    'a b',
    'a%20b',
    'a+b',
    'a/b',
    'a/b/c',
    'é',
    '\u{1f4bf}',
    '<&>"\'',
    '\u0001',
    '~',
    'Z',
    '\uffee',
  ];
  test.beforeAll(async ({ account }) => {
    await account.s3.send(new CreateBucketCommand({ Bucket }));
    for (const Key of keys) await account.s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  });

  test('come in the order of their UTF-8 bytes, page by page, under names of any kind', async ({
    account,
  }) => {
    const listed: (string | undefined)[] = [];
    const pages = paginateListObjectsV2({ client: account.s3, pageSize: 3 }, { Bucket, EncodingType: 'url' });
    for await (const { Contents = [] } of pages) listed.push(...Contents.map(({ Key }) => Key));
    expect(listed.map((key) => decodeURIComponent(key ?? ''))).toEqual(keys.toSorted(byBytes));
    for (const Key of keys) {
      const { Body } = await account.s3.send(new GetObjectCommand({ Bucket, Key }));
      expect(await Body!.transformToString()).toBe(Key);
    }
  });

  test('are rolled up, counted and told by what comes after', async ({ account }) => {
    const list = await account.s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'a', Delimiter: '/', StartAfter: 'a b', FetchOwner: true }),
    );
    expect(list.CommonPrefixes).toEqual([{ Prefix: 'a/' }]);
    expect(list.Contents?.map(({ Key }) => Key)).toEqual(['a%20b', 'a+b']);
    expect(list).toMatchObject({ KeyCount: 3, IsTruncated: false, StartAfter: 'a b', MaxKeys: 1000 });
    expect(list.Contents?.[0]).toMatchObject({
      Size: 5,
      StorageClass: 'STANDARD',
      ChecksumAlgorithm: ['CRC32'],
      ChecksumType: 'FULL_OBJECT',
      Owner: { ID: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  test('by the first version of the call, whose markers are keys', async ({ account }) => {
    const first = await account.s3.send(new ListObjectsCommand({ Bucket, MaxKeys: 3, Delimiter: '/' }));
    expect(first).toMatchObject({ IsTruncated: true, MaxKeys: 3, NextMarker: 'Z' });
    const second = await account.s3.send(
      new ListObjectsCommand({ Bucket, Marker: first.NextMarker, MaxKeys: 5, Delimiter: '/' }),
    );
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['a', 'a b', 'a%20b', 'a+b']);
    expect([second.CommonPrefixes, second.NextMarker]).toEqual([[{ Prefix: 'a/' }], 'a/']);
  });

  test.for([
    ['max-keys=-1', 'InvalidArgument'],
    ['max-keys=many', 'InvalidArgument'],
    ['continuation-token=nonsense', 'InvalidArgument'],
    ['encoding-type=base64', 'InvalidArgument'],
  ])('are not listed with %s', async ([search, code], { account }) => {
    const answer = await send(account.aws.url, { target: `/${Bucket}?list-type=2&${search}` });
    expect([answer.status, element(answer.body, 'Code')]).toEqual([400, code]);
  });
});

test('many thousands are listed in time that does not grow from page to page', {
  timeout: 60_000,
}, async ({ account }) => {
  const count = 10_000;
  seedS3({
    directory: account.directory,
    bucket: 'full',
    objects: (function* () {
      for (let n = 0; n < count; n += 1)
        yield { key: `images/${String(n).padStart(6, '0')}.vhdx`, sizeBytes: n };
    })(),
  });
  let listed = 0;
  let bytes = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client: account.s3 }, { Bucket: 'full' })) {
    listed += Contents.length;
    for (const { Size = 0 } of Contents) bytes += Size;
  }
  expect([listed, bytes]).toEqual([count, (count * (count - 1)) / 2]);
  const last = await account.s3.send(
    new ListObjectsV2Command({ Bucket: 'full', StartAfter: 'images/009998.vhdx' }),
  );
  expect(last.Contents?.map(({ Key }) => Key)).toEqual(['images/009999.vhdx']);
  const rolled = await account.s3.send(new ListObjectsV2Command({ Bucket: 'full', Delimiter: '/' }));
  expect(rolled.CommonPrefixes).toEqual([{ Prefix: 'images/' }]);
});

describe('versions', () => {
  const Bucket = 'versioned';
  const versioning = (account: TestAccount, Status: 'Enabled' | 'Suspended') =>
    account.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  const put = async (account: TestAccount, Key: string, Body: string) =>
    (await account.s3.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId;
  const read = async (account: TestAccount, Key: string, VersionId?: string) => {
    const { Body } = await account.s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    return Body!.transformToString();
  };
  const list = (account: TestAccount, input: Partial<ListObjectVersionsCommand['input']> = {}) =>
    account.s3.send(new ListObjectVersionsCommand({ Bucket, ...input }));
  test.beforeAll(async ({ account }) => {
    await account.s3.send(new CreateBucketCommand({ Bucket }));
  });

  test('are kept, hidden by delete markers, told, and removed one by one', async ({ account }) => {
    expect(await put(account, 'k', 'before')).toBeUndefined();
    await versioning(account, 'Enabled');
    const one = await put(account, 'k', 'one');
    const two = await put(account, 'k', 'two');
    const removed = await account.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    expect(removed).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) });
    const marker = removed.VersionId;

    await expect(read(account, 'k')).rejects.toMatchObject({ name: 'NoSuchKey' });
    const hidden = await send(account.aws.url, { target: `/${Bucket}/k` });
    expect(hidden.headers).toMatchObject({ 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker });
    await expect(read(account, 'k', marker)).rejects.toMatchObject({ name: 'MethodNotAllowed' });
    expect(await read(account, 'k', one)).toBe('one');
    expect(await read(account, 'k', 'null')).toBe('before');
    await expect(read(account, 'k', 'A'.repeat(32))).rejects.toMatchObject({ name: 'NoSuchVersion' });
    await expect(read(account, 'k', 'nonsense')).rejects.toMatchObject({ name: 'InvalidArgument' });

    const { Versions = [], DeleteMarkers = [] } = await list(account);
    expect(Versions.map(({ VersionId }) => VersionId)).toEqual([two, one, 'null']);
    expect(Versions.map(({ IsLatest }) => IsLatest)).toEqual([false, false, false]);
    expect(DeleteMarkers).toMatchObject([{ Key: 'k', VersionId: marker, IsLatest: true }]);
    const listed = await account.s3.send(new ListObjectsV2Command({ Bucket }));
    expect(listed.KeyCount).toBe(0);

    const undone = await account.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: marker }));
    expect(undone).toMatchObject({ DeleteMarker: true, VersionId: marker });
    expect(await read(account, 'k')).toBe('two');
    await account.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: two }));
    expect(await read(account, 'k')).toBe('one');
  });

  test('without versioning the new one takes the place of the last that had none', async ({ account }) => {
    await versioning(account, 'Enabled');
    const kept = await put(account, 's', 'kept');
    await versioning(account, 'Suspended');
    expect(await put(account, 's', 'first')).toBe('null');
    expect(await put(account, 's', 'second')).toBe('null');
    const { Versions = [] } = await list(account, { Prefix: 's' });
    expect(Versions.map(({ VersionId, Size }) => [VersionId, Size])).toEqual([
      ['null', 6],
      [kept, 4],
    ]);
    await account.s3.send(new DeleteObjectCommand({ Bucket, Key: 's' }));
    const after = await list(account, { Prefix: 's' });
    expect(after.DeleteMarkers).toMatchObject([{ VersionId: 'null', IsLatest: true }]);
    expect(after.Versions?.map(({ VersionId }) => VersionId)).toEqual([kept]);
  });

  test('are listed page by page, also while they are deleted', async ({ account }) => {
    await versioning(account, 'Enabled');
    for (const n of [1, 2, 3, 4, 5]) await put(account, 'p/a', `version ${n}`);
    await put(account, 'p/b', 'one');
    const seen: (string | undefined)[] = [];
    let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (let truncated: boolean | undefined = true; truncated; ) {
      const page = await list(account, { Prefix: 'p/', MaxKeys: 2, ...marker });
      for (const { Key, VersionId } of page.Versions ?? []) {
        seen.push(Key);
        await account.s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
      }
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      truncated = page.IsTruncated;
    }
    expect(seen).toEqual(['p/a', 'p/a', 'p/a', 'p/a', 'p/a', 'p/b']);
    expect((await list(account, { Prefix: 'p/' })).Versions).toBeUndefined();
  });

  test('are told by heads, and by nothing in a bucket that never had any', async ({ account }) => {
    await versioning(account, 'Enabled');
    const version = await put(account, 'h', 'x');
    const told = await account.s3.send(new HeadObjectCommand({ Bucket, Key: 'h' }));
    expect(told.VersionId).toBe(version);
    await account.s3.send(new CreateBucketCommand({ Bucket: 'flat' }));
    await account.s3.send(new PutObjectCommand({ Bucket: 'flat', Key: 'h', Body: 'x' }));
    const flat = await account.s3.send(new HeadObjectCommand({ Bucket: 'flat', Key: 'h' }));
    expect(flat.VersionId).toBeUndefined();
  });
});
