import fc from 'fast-check';
import { expect, test } from 'vitest';
import { operationOf } from '../../src/s3/route.ts';
import { parseTarget } from '../../src/s3/target.ts';

test.each([
  ['127.0.0.1:4566', '/', undefined, undefined],
  ['127.0.0.1:4566', '/bucket', 'bucket', undefined],
  ['127.0.0.1:4566', '/bucket/', 'bucket', undefined],
  ['127.0.0.1:4566', '/bucket/a/b%20c+d', 'bucket', 'a/b c+d'],
  ['localhost:4566', '/bucket//a', 'bucket', '/a'],
  ['[::1]:4566', '/bucket/a', 'bucket', 'a'],
  ['bucket.localhost:4566', '/', 'bucket', undefined],
  ['bucket.localhost:4566', '/a/b', 'bucket', 'a/b'],
  ['my.bucket.localhost', '/a', 'my.bucket', 'a'],
  ['s3.localhost:4566', '/bucket/a', 'bucket', 'a'],
  ['bucket.s3.localhost:4566', '/a', 'bucket', 'a'],
  ['bucket.s3.eu-west-1.amazonaws.com', '/a', 'bucket', 'a'],
  ['bucket.s3-eu-west-1.amazonaws.com', '/a', 'bucket', 'a'],
  ['s3.amazonaws.com', '/bucket/a', 'bucket', 'a'],
  ['Bucket.S3.amazonaws.com', '/A', 'bucket', 'A'],
])('%s%s', (host, path, bucket, key) => {
  const target = parseTarget({ host, path });
  expect([target.bucket, target.key]).toEqual([bucket, key]);
});

test('any key survives either style', () => {
  const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(key, (key) => {
      const path = encodeURIComponent(key);
      expect(parseTarget({ host: 'localhost', path: `/bucket/${path}` }).key).toBe(key);
      expect(parseTarget({ host: 'bucket.localhost', path: `/${path}` }).key).toBe(key);
    }),
  );
});

test('a path that is not UTF-8 is refused', () => {
  expect(() => parseTarget({ host: 'localhost', path: '/bucket/%ff' })).toThrow(URIError);
});

test.each([
  ['GET', '', '', {}, 'ListBuckets'],
  ['GET', 'b', 'list-type=2&prefix=a', {}, 'ListObjectsV2'],
  ['GET', 'b', 'prefix=a', {}, 'ListObjects'],
  ['GET', 'b', 'location=', {}, 'GetBucketLocation'],
  ['PUT', 'b', '', {}, 'CreateBucket'],
  ['PUT', 'b', 'website', {}, undefined],
  ['PUT', 'b', 'policy', {}, 'PutBucketPolicy'],
  ['PUT', 'b', 'lifecycle', {}, 'PutBucketLifecycleConfiguration'],
  ['PUT', 'b', 'cors', {}, undefined],
  ['POST', 'b', 'delete', {}, 'DeleteObjects'],
  ['POST', 'b', '', {}, undefined],
  ['PUT', 'b/k', 'x-id=PutObject', {}, 'PutObject'],
  ['PUT', 'b/k', '', { 'x-amz-copy-source': 'b/j' }, 'CopyObject'],
  ['PUT', 'b/k', 'partNumber=1&uploadId=u', {}, 'UploadPart'],
  ['PUT', 'b/k', 'partNumber=1&uploadId=u', { 'x-amz-copy-source': 'b/j' }, 'UploadPartCopy'],
  ['POST', 'b/k', 'uploads', {}, 'CreateMultipartUpload'],
  ['POST', 'b/k', 'uploadId=u', {}, 'CompleteMultipartUpload'],
  ['DELETE', 'b/k', 'uploadId=u', {}, 'AbortMultipartUpload'],
  ['DELETE', 'b/k', 'versionId=v', {}, 'DeleteObject'],
  ['GET', 'b/k', 'attributes', {}, 'GetObjectAttributes'],
  ['POST', 'b/k', 'restore', {}, undefined],
  ['GET', 'b/k', 'retention', {}, undefined],
  ['PATCH', 'b/k', '', {}, undefined],
])('%s /%s?%s asks for %5$s', (method, path, search, headers, operation) => {
  const [bucket, key] = path.split('/');
  const target = { virtualHosted: false, ...(bucket && { bucket }), ...(key && { key }) };
  expect(operationOf({ method, target, query: new URLSearchParams(search), headers })).toBe(operation);
});
