import { checksumOf, compositeChecksum, compositeETag } from '@ec2-image/checksum';
import { describe, expect, test } from 'vitest';
import { isMd5Etag } from '../src/object/describe-object.ts';
import { judgeObject } from '../src/object/judge-object.ts';
import { compareObject } from '../src/send/compare-object.ts';
import { judgeCompletion } from '../src/send/judge-completion.ts';
import { judgePart } from '../src/send/judge-part.ts';
import { digest, metadata } from './support/disks.ts';

const md5 = 'd41d8cd98f00b204e9800998ecf8427e';

test.each([
  [{ ETag: `"${md5}"` }, true],
  [{ ETag: `"${md5}-12"`, ServerSideEncryption: 'AES256' }, true],
  [{ ETag: `"${md5}"`, ServerSideEncryption: 'aws:kms' }, false],
  [{ ETag: `"${md5}"`, ServerSideEncryption: 'aws:kms:dsse' }, false],
  [{ ETag: `"${md5}"`, SSECustomerAlgorithm: 'AES256' }, false],
  [{ ETag: '"abc"' }, false],
  [{}, false],
])('whether an ETag is made of MD5s: %j', (answer, expected) => {
  expect(isMd5Etag(answer)).toBe(expected);
});

test.each([
  [{ ChecksumCRC32: 'AAAAAA==', ETag: '"other"' }, 'checksum'],
  [{ ChecksumCRC32: 'BBBBBB==', ETag: `"${md5}"` }, 'differs'],
  [{ ETag: `"${md5}"` }, 'etag'],
  [{ ETag: `"${md5.replace('d', 'e')}"` }, 'differs'],
  [{ ETag: `"${md5}"`, ServerSideEncryption: 'aws:kms' }, 'none'],
  [{ ETag: '"opaque"' }, 'none'],
])('a part that S3 answers %j to is: %s', (reported, verdict) => {
  expect(judgePart(reported, { checksum: 'AAAAAA==', md5: () => md5 })).toBe(verdict);
});

test.each([
  [{}, { digest }, 'proven'],
  [{}, { digest, format: 'raw' }, 'proven'],
  [{}, { digest, format: 'vhdx' }, 'foreign'],
  [{}, { digest: `sha256:${'0'.repeat(64)}` as const }, 'foreign'],
  [{ metadata: {} }, { digest }, 'foreign'],
  [{ size: 0 }, { digest }, 'unproven'],
  [{ checksum: undefined }, { digest }, 'unproven'],
  [{ checksum: { algorithm: 'CRC32', value: 'x-3', type: 'COMPOSITE' } }, { digest }, 'unproven'],
  [{ checksum: { algorithm: 'CRC64NVME', value: 'x', type: 'FULL_OBJECT' } }, { digest }, 'unproven'],
] as const)('an object with %j, where %j is wanted, is %s', (facts, wanted, verdict) => {
  const proven = {
    metadata,
    size: 1,
    checksum: { algorithm: 'CRC32', value: 'x', type: 'FULL_OBJECT' },
  } as const;
  expect(judgeObject({ ...proven, ...facts }, wanted)).toBe(verdict);
});

describe('what S3 reports of the finished object', () => {
  const bytes = [Buffer.from('first'), Buffer.from('second')];
  const parts = bytes.map((part) => ({ checksum: checksumOf('CRC32', part), size: part.length }));
  const disk = { size: 11, parts, whole: checksumOf('CRC32', Buffer.concat(bytes)) };
  const composite = compositeChecksum(
    'CRC32',
    parts.map(({ checksum }) => checksum),
  );
  const etags = [md5, md5];
  const etag = `"${compositeETag(etags)}"`;

  test.each([
    [{ checksum: { algorithm: 'CRC32', value: disk.whole, type: 'FULL_OBJECT' } }, 'checksum'],
    [{ checksum: { algorithm: 'CRC32', value: 'AAAAAA==', type: 'FULL_OBJECT' } }, 'differs'],
    [{ checksum: { algorithm: 'CRC32', value: composite, type: 'COMPOSITE' } }, 'checksum'],
    [{ checksum: { algorithm: 'CRC32', value: 'AAAAAA==-2', type: 'COMPOSITE' } }, 'differs'],
    [{ size: 10, checksum: { algorithm: 'CRC32', value: disk.whole, type: 'FULL_OBJECT' } }, 'differs'],
    [{ checksum: { algorithm: 'CRC64NVME', value: 'AAAAAAAAAAA=', type: 'FULL_OBJECT' } }, 'etag'],
    [{}, 'etag'],
    [{ etagIsMd5: false }, 'unknown'],
    [{ etag: `"${md5}-2"` }, 'unknown'],
  ] as const)('%j is: %s', (facts, verdict) => {
    expect(
      compareObject({ size: 11, checksum: undefined, etag, etagIsMd5: true, ...facts }, disk, { etags }),
    ).toBe(verdict);
  });
});

test.each([
  ['PreconditionFailed', 412, false, 'taken'],
  [undefined, 412, false, 'taken'],
  ['ConditionalRequestConflict', 409, false, 'conflict'],
  ['SomethingElse', 409, false, 'conflict'],
  ['NoSuchUpload', 404, false, 'gone'],
  ['InvalidPart', 400, false, 'parts-differ'],
  ['InvalidPart', 503, true, 'parts-differ'],
  ['BadDigest', 400, false, 'parts-differ'],
  ['NotImplemented', 501, false, 'unconditional'],
  ['InternalError', 500, true, 'unclear'],
  [undefined, undefined, true, 'unclear'],
  ['AccessDenied', 403, false, 'refused'],
  [undefined, undefined, false, 'refused'],
] as const)(
  'a completion answered %s (%s, unclear: %s) means: %s',
  (awsCode, httpStatus, unclear, meaning) => {
    expect(judgeCompletion({ awsCode, httpStatus, unclear })).toBe(meaning);
  },
);
