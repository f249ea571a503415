import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type UploadPartCommandInput,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { checksumOf, combineChecksums, compositeChecksum, compositeETag } from '@ec2-image/checksum';
import { describe, expect, openAccount, testWith } from '../support/account.ts';

const Bucket = 'disks';
const MiB = 1024 * 1024;
/** A part as small as any but the last may be, and a rest. */
const parts = [randomBytes(5 * MiB), Buffer.from('the rest')];
const whole = Buffer.concat(parts);
const md5s = parts.map((part) => createHash('md5').update(part).digest('hex'));
const test = testWith({ buckets: [Bucket] })
  /** A client of the time before checksums: it sends none that it is not told to. */
  .extend('plain', { scope: 'file' }, ({ account }) =>
    account.client(S3Client, { forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' }),
  );
/** A client of the time before checksums: it sends none that it is not told to. */

let counter = 0;

const refused = (name: string, message?: RegExp) =>
  expect.objectContaining({ name, ...(message && { message: expect.stringMatching(message) }) });

async function create(
  plain: S3Client,
  input: Partial<CreateMultipartUploadCommandInput> = {},
  client = plain,
) {
  const Key = input.Key ?? `key-${++counter}`;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, ...input, Key }));
  return { Bucket, Key, UploadId: UploadId! };
}
type Upload = Awaited<ReturnType<typeof create>>;

async function upload(
  plain: S3Client,
  to: Upload,
  PartNumber: number,
  input: Partial<UploadPartCommandInput> = {},
): Promise<CompletedPart> {
  const Body = input.Body ?? parts[PartNumber - 1];
  const { $metadata: _, ...answer } = await plain.send(
    new UploadPartCommand({ ...to, PartNumber, ...input, Body }),
  );
  const { ETag, ChecksumCRC32, ChecksumSHA256 } = answer;
  return {
    PartNumber,
    ETag: ETag!,
    ...(ChecksumCRC32 && { ChecksumCRC32 }),
    ...(ChecksumSHA256 && { ChecksumSHA256 }),
  };
}
const uploadAll = (plain: S3Client, to: Upload, input: Partial<UploadPartCommandInput> = {}) =>
  Promise.all([1, 2].map((number) => upload(plain, to, number, input)));

function complete(
  plain: S3Client,
  to: Upload,
  Parts: CompletedPart[],
  input: Partial<CompleteMultipartUploadCommandInput> = {},
) {
  return plain.send(new CompleteMultipartUploadCommand({ ...to, MultipartUpload: { Parts }, ...input }));
}
const head = (plain: S3Client, Key: string, PartNumber?: number) =>
  plain.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED', PartNumber }));

describe('an upload in parts becomes an object', () => {
  test('of its parts in order, with the ETag of their MD5s and S3’s own checksum', async ({ plain }) => {
    const to = await create(plain, { ContentType: 'application/x-vhdx', Metadata: { digest: 'sha256:00' } });
    const done = await complete(plain, to, await uploadAll(plain, to));
    expect(done).toMatchObject({
      ETag: `"${compositeETag(md5s)}"`,
      ChecksumCRC64NVME: checksumOf('CRC64NVME', whole),
      ChecksumType: 'FULL_OBJECT',
      Key: to.Key,
    });
    const { Body, ...read } = await plain.send(new GetObjectCommand({ Bucket, Key: to.Key }));
    expect(Buffer.from(await Body!.transformToByteArray()).equals(whole)).toBe(true);
    expect(read).toMatchObject({
      ContentLength: whole.length,
      ContentType: 'application/x-vhdx',
      Metadata: { digest: 'sha256:00' },
    });
  });

  test('with the checksum of the whole, where the upload asked for that', async ({ plain }) => {
    const to = await create(plain, { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const sent = await uploadAll(plain, to, { ChecksumAlgorithm: 'CRC32' });
    const ChecksumCRC32 = combineChecksums(
      'CRC32',
      parts.map((part) => ({ checksum: checksumOf('CRC32', part), size: part.length })),
    );
    expect(ChecksumCRC32).toBe(checksumOf('CRC32', whole));
    const proven = { ChecksumCRC32, ChecksumType: 'FULL_OBJECT', MpuObjectSize: whole.length } as const;
    expect(await complete(plain, to, sent, { ...proven, IfNoneMatch: '*' })).toMatchObject({ ChecksumCRC32 });
    expect(await head(plain, to.Key)).toMatchObject({ ChecksumCRC32, ChecksumType: 'FULL_OBJECT' });
    const { ObjectParts, Checksum } = await plain.send(
      new GetObjectAttributesCommand({ Bucket, Key: to.Key, ObjectAttributes: ['Checksum', 'ObjectParts'] }),
    );
    expect(Checksum).toEqual({ ChecksumCRC32, ChecksumType: 'FULL_OBJECT' });
    expect(ObjectParts).toEqual({ TotalPartsCount: 2 });
  });

  test('with the checksum of the parts’ checksums, and those one by one', async ({ plain }) => {
    const to = await create(plain, { ChecksumAlgorithm: 'SHA256' });
    const sent = await uploadAll(plain, to, { ChecksumAlgorithm: 'SHA256' });
    const sums = parts.map((part) => checksumOf('SHA256', part));
    const composite = compositeChecksum('SHA256', sums);
    expect(await complete(plain, to, sent)).toMatchObject({
      ChecksumSHA256: composite,
      ChecksumType: 'COMPOSITE',
    });
    expect((await head(plain, to.Key)).ChecksumSHA256).toBe(composite);
    expect((await head(plain, to.Key, 2)).ChecksumSHA256).toBe(sums[1]);
    const { ObjectParts, Checksum } = await plain.send(
      new GetObjectAttributesCommand({
        Bucket,
        Key: to.Key,
        ObjectAttributes: ['Checksum', 'ObjectParts'],
        MaxParts: 1,
      }),
    );
    expect(Checksum?.ChecksumSHA256).toBe(composite.replace('-2', ''));
    expect(ObjectParts).toMatchObject({
      TotalPartsCount: 2,
      IsTruncated: true,
      NextPartNumberMarker: '1',
      Parts: [{ PartNumber: 1, Size: 5 * MiB, ChecksumSHA256: sums[0] }],
    });
  });

  test('of the parts it lists alone, under numbers with gaps, a later one in the place of an earlier', async ({
    plain,
  }) => {
    const to = await create(plain);
    await upload(plain, to, 7, { Body: 'sent first' });
    const listed = [
      await upload(plain, to, 7, { Body: parts[0]! }),
      await upload(plain, to, 9999, { Body: parts[1]! }),
    ];
    await upload(plain, to, 8, { Body: 'never listed' });
    await complete(plain, to, listed);
    const told = await head(plain, to.Key);
    expect(told.ContentLength).toBe(whole.length);
    expect(told.ETag).toBe(`"${compositeETag(md5s)}"`);
  });

  test('that can be read by its parts', async ({ plain }) => {
    const to = await create(plain);
    await complete(plain, to, await uploadAll(plain, to));
    const last = await plain.send(new GetObjectCommand({ Bucket, Key: to.Key, PartNumber: 2 }));
    expect(await last.Body!.transformToString()).toBe('the rest');
    expect(last).toMatchObject({
      PartsCount: 2,
      ContentRange: `bytes ${5 * MiB}-${whole.length - 1}/${whole.length}`,
      $metadata: { httpStatusCode: 206 },
    });
    await expect(plain.send(new GetObjectCommand({ Bucket, Key: to.Key, PartNumber: 3 }))).rejects.toEqual(
      refused('InvalidPartNumber'),
    );
    const across = await plain.send(
      new GetObjectCommand({ Bucket, Key: to.Key, Range: `bytes=${5 * MiB - 2}-${5 * MiB + 1}` }),
    );
    expect(Buffer.from(await across.Body!.transformToByteArray())).toEqual(
      whole.subarray(5 * MiB - 2, 5 * MiB + 2),
    );
  });

  test('copied from others', async ({ plain }) => {
    await plain.send(new PutObjectCommand({ Bucket, Key: 'source', Body: parts[0]! }));
    const to = await create(plain, { ChecksumAlgorithm: 'CRC32' });
    const copied = await plain.send(
      new UploadPartCopyCommand({ ...to, PartNumber: 1, CopySource: `${Bucket}/source` }),
    );
    const ranged = await plain.send(
      new UploadPartCopyCommand({
        ...to,
        PartNumber: 2,
        CopySource: `${Bucket}/source`,
        CopySourceRange: 'bytes=10-19',
      }),
    );
    expect(copied.CopyPartResult).toMatchObject({
      ETag: `"${md5s[0]}"`,
      ChecksumCRC32: checksumOf('CRC32', parts[0]!),
    });
    const listed = [copied, ranged].map(({ CopyPartResult }, index) => ({
      PartNumber: index + 1,
      ETag: CopyPartResult?.ETag,
      ChecksumCRC32: CopyPartResult?.ChecksumCRC32,
    }));
    await complete(plain, to, listed);
    expect((await head(plain, to.Key)).ContentLength).toBe(5 * MiB + 10);
    await expect(
      plain.send(
        new UploadPartCopyCommand({
          ...(await create(plain)),
          PartNumber: 1,
          CopySource: `${Bucket}/source`,
          CopySourceRange: `bytes=0-${5 * MiB}`,
        }),
      ),
    ).rejects.toEqual(refused('InvalidArgument', /not valid for source object of size/));
  });
});

describe('an upload is created', () => {
  test.for([
    [{ ChecksumAlgorithm: 'CRC32' }, { ChecksumType: 'COMPOSITE' }],
    [{ ChecksumAlgorithm: 'CRC64NVME' }, { ChecksumType: 'FULL_OBJECT' }],
    [{ ChecksumAlgorithm: 'CRC32C', ChecksumType: 'FULL_OBJECT' }, { ChecksumType: 'FULL_OBJECT' }],
    [{}, { ChecksumType: undefined }],
  ] as const)('with %j: %j', async ([input, expected], { plain }) => {
    const { ChecksumType } = await plain.send(
      new CreateMultipartUploadCommand({ Bucket, Key: 'k', ...input }),
    );
    expect({ ChecksumType }).toEqual(expected);
  });

  test.for([
    [
      { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' },
      /FULL_OBJECT checksum type cannot be used with the sha256/,
    ],
    [{ ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'COMPOSITE' }, /COMPOSITE checksum type cannot be used/],
    [{ ChecksumType: 'FULL_OBJECT' }, /can only be used with the x-amz-checksum-algorithm/],
  ] as const)('but not with %j', async ([input, message], { plain }) => {
    await expect(create(plain, input)).rejects.toEqual(refused('InvalidRequest', message));
  });
});

describe('a part is refused', () => {
  test.for([
    [
      'with a checksum that the upload has not',
      {},
      { ChecksumAlgorithm: 'CRC32' },
      /expected checksum Type: null, actual checksum Type: crc32/,
    ],
    [
      'with another one',
      { ChecksumAlgorithm: 'SHA256' },
      { ChecksumAlgorithm: 'CRC32' },
      /expected checksum Type: sha256, actual checksum Type: crc32/,
    ],
    [
      'without the one of a composite',
      { ChecksumAlgorithm: 'SHA256' },
      {},
      /expected checksum Type: sha256, actual checksum Type: null/,
    ],
  ] as const)('%s', async ([_, created, sent, message], { plain }) => {
    await expect(upload(plain, await create(plain, created), 1, sent)).rejects.toEqual(
      refused('InvalidRequest', message),
    );
  });

  test('under a number that is none, or of an upload that is not there', async ({ plain }) => {
    const to = await create(plain);
    await expect(upload(plain, to, 10_001, { Body: 'x' })).rejects.toEqual(refused('InvalidArgument'));
    await expect(upload(plain, { ...to, UploadId: 'gone' }, 1)).rejects.toEqual(refused('NoSuchUpload'));
    await expect(upload(plain, { ...to, Key: 'another' }, 1)).rejects.toEqual(refused('NoSuchUpload'));
  });

  test('but not without the checksum of a whole, which S3 computes', async ({ plain }) => {
    const to = await create(plain, { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    expect(await upload(plain, to, 1)).toMatchObject({ ChecksumCRC32: checksumOf('CRC32', parts[0]!) });
  });
});

describe('a completion is refused, and can be tried again', () => {
  const etag = (part: CompletedPart) => ({ PartNumber: part.PartNumber, ETag: part.ETag });
  const crc32 = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const;
  type Case = [
    string,
    Partial<CreateMultipartUploadCommandInput>,
    (sent: CompletedPart[]) => CompletedPart[],
    Partial<CompleteMultipartUploadCommandInput>,
    string,
    RegExp?,
  ];
  const asSent = (sent: CompletedPart[]) => sent;
  test.for<Case>([
    ['out of order', {}, (sent) => sent.toReversed(), {}, 'InvalidPartOrder'],
    ['with a part twice', {}, ([one]) => [one!, one!], {}, 'InvalidPartOrder'],
    [
      'with a gap in a composite',
      { ChecksumAlgorithm: 'SHA256' },
      (sent) => sent.slice(1),
      {},
      'InvalidPartOrder',
    ],
    ['without parts', {}, () => [], {}, 'MalformedXML'],
    [
      'with a part that is not there',
      {},
      ([one]) => [one!, { PartNumber: 4, ETag: '"00"' }],
      {},
      'InvalidPart',
    ],
    ['with another ETag', {}, ([one, ...rest]) => [{ ...one, ETag: '"00"' }, ...rest], {}, 'InvalidPart'],
    [
      'with a short part before the last',
      {},
      ([one, rest]) => [one!, rest!, { PartNumber: 3, ETag: rest!.ETag }],
      {},
      'EntityTooSmall',
    ],
    [
      'without a part’s checksum in a composite',
      { ChecksumAlgorithm: 'SHA256' },
      (sent) => sent.map(etag),
      {},
      'InvalidRequest',
      /missing for part 1/,
    ],
    [
      'with another checksum of a part',
      { ChecksumAlgorithm: 'SHA256' },
      ([one, two]) => [{ ...one, ChecksumSHA256: two!.ChecksumSHA256 }, two!],
      {},
      'InvalidPart',
    ],
    [
      'with another checksum of the whole',
      crc32,
      asSent,
      { ChecksumCRC32: 'AAAAAA==', ChecksumType: 'FULL_OBJECT' },
      'BadDigest',
    ],
    [
      'with one of another algorithm',
      crc32,
      asSent,
      { ChecksumSHA256: checksumOf('SHA256', whole) },
      'InvalidRequest',
      /expected checksum Type: crc32/,
    ],
    [
      'in another mode',
      crc32,
      asSent,
      { ChecksumType: 'COMPOSITE' },
      'InvalidRequest',
      /FULL_OBJECT checksum mode/,
    ],
    [
      'with another size',
      {},
      asSent,
      { MpuObjectSize: 1 },
      'InvalidRequest',
      /header value 1 does not match/,
    ],
  ])('%s', async ([_, created, list, headers, code, message], { plain }) => {
    const to = await create(plain, created);
    const algorithm = created.ChecksumAlgorithm;
    const sent = await uploadAll(plain, to, algorithm ? { ChecksumAlgorithm: algorithm } : {});
    if (code === 'EntityTooSmall') await upload(plain, to, 3, { Body: 'the rest' });
    await expect(complete(plain, to, list(sent), headers)).rejects.toEqual(refused(code, message));
    await expect(head(plain, to.Key)).rejects.toEqual(refused('NotFound'));
    await complete(plain, to, sent);
    expect((await head(plain, to.Key)).ContentLength).toBe(whole.length);
  });

  test('where something is that should not be, until it is gone', async ({ plain }) => {
    const to = await create(plain, { Key: 'taken' });
    const sent = await uploadAll(plain, to);
    await plain.send(new PutObjectCommand({ Bucket, Key: 'taken', Body: 'first' }));
    await expect(complete(plain, to, sent, { IfNoneMatch: '*' })).rejects.toEqual(
      refused('PreconditionFailed'),
    );
    await expect(complete(plain, to, sent, { IfMatch: '"00"' })).rejects.toEqual(
      refused('PreconditionFailed'),
    );
    const { ETag } = await head(plain, 'taken');
    const later = await create(plain, { Key: 'taken' });
    await complete(plain, later, await uploadAll(plain, later), { IfMatch: ETag });
  });

  test('over what was written during the upload', async ({ plain }) => {
    const { ETag } = await plain.send(new PutObjectCommand({ Bucket, Key: 'raced', Body: 'same' }));
    const to = await create(plain, { Key: 'raced' });
    const sent = await uploadAll(plain, to);
    await plain.send(new PutObjectCommand({ Bucket, Key: 'raced', Body: 'same' }));
    await expect(complete(plain, to, sent, { IfMatch: ETag })).rejects.toEqual(
      refused('ConditionalRequestConflict'),
    );
  });

  test('a second time, and after an abort', async ({ plain }) => {
    const done = await create(plain);
    const sent = await uploadAll(plain, done);
    await complete(plain, done, sent);
    await expect(complete(plain, done, sent)).rejects.toEqual(refused('NoSuchUpload'));
    const dropped = await create(plain);
    await plain.send(new AbortMultipartUploadCommand(dropped));
    await expect(complete(plain, dropped, sent)).rejects.toEqual(refused('NoSuchUpload'));
    await expect(plain.send(new AbortMultipartUploadCommand(dropped))).rejects.toEqual(
      refused('NoSuchUpload'),
    );
  });
});

describe('lists', () => {
  test('of parts, page by page, with what proves them', async ({ plain }) => {
    const to = await create(plain, { ChecksumAlgorithm: 'CRC32' });
    for (const number of [1, 2, 5]) {
      await upload(plain, to, number, { Body: `part ${number}`, ChecksumAlgorithm: 'CRC32' });
    }
    const first = await plain.send(new ListPartsCommand({ ...to, MaxParts: 2 }));
    expect(first).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '2',
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'COMPOSITE',
      Parts: [
        { PartNumber: 1, Size: 6, ChecksumCRC32: checksumOf('CRC32', Buffer.from('part 1')) },
        { PartNumber: 2, ETag: `"${createHash('md5').update('part 2').digest('hex')}"` },
      ],
    });
    const second = await plain.send(
      new ListPartsCommand({ ...to, PartNumberMarker: first.NextPartNumberMarker }),
    );
    expect(second.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([5]);
    expect(second.IsTruncated).toBe(false);
    const bare = await create(plain);
    await upload(plain, bare, 1);
    const { Parts, ChecksumAlgorithm } = await plain.send(new ListPartsCommand(bare));
    expect([ChecksumAlgorithm, Parts?.[0]?.ChecksumCRC64NVME]).toEqual([undefined, undefined]);
  });

  test('of uploads, by key and age, page by page, also while they go', async ({ plain }) => {
    await using own = await openAccount({ buckets: [Bucket], now: clock() });
    const keys = ['a/1', 'a/1', 'a/1', 'a/2', 'b'];
    const made: string[] = [];
    for (const Key of keys) made.push((await create(plain, { Key }, own.s3)).UploadId);
    const seen: (string | undefined)[] = [];
    let page: { NextKeyMarker?: string | undefined; NextUploadIdMarker?: string | undefined } = {};
    for (let truncated: boolean | undefined = true; truncated; ) {
      const { Uploads = [], ...rest } = await own.s3.send(
        new ListMultipartUploadsCommand({
          Bucket,
          MaxUploads: 2,
          KeyMarker: page.NextKeyMarker,
          UploadIdMarker: page.NextUploadIdMarker,
        }),
      );
      for (const { Key, UploadId } of Uploads) {
        seen.push(UploadId);
        await own.s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      }
      page = rest;
      truncated = rest.IsTruncated;
    }
    expect(seen).toEqual(made);
  });

  test('of uploads, rolled up and under a prefix', async ({ plain }) => {
    await using own = await openAccount({ buckets: [Bucket] });
    for (const Key of ['a/1', 'a/2', 'b', 'c/1']) await create(plain, { Key }, own.s3);
    const rolled = await own.s3.send(new ListMultipartUploadsCommand({ Bucket, Delimiter: '/' }));
    expect(rolled.CommonPrefixes).toEqual([{ Prefix: 'a/' }, { Prefix: 'c/' }]);
    expect(rolled.Uploads?.map(({ Key }) => Key)).toEqual(['b']);
    const under = await own.s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'a/' }));
    expect(under.Uploads?.map(({ Key }) => Key)).toEqual(['a/1', 'a/2']);
  });
});

/** A clock that advances each time it is read. */
function clock(): () => number {
  let now = Date.parse('2026-01-01T00:00:00Z');
  return () => (now += 1000);
}
