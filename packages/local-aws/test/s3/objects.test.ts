import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutExtents } from '../../src/s3/content.ts';
import { judgeRead, matchesETag, readWriteConditions, refuseWrite } from '../../src/s3/objects/conditions.ts';
import { parseCopySource } from '../../src/s3/objects/copy-source.ts';
import { parseRange } from '../../src/s3/objects/range.ts';
import { parseTagHeader } from '../../src/s3/objects/tags.ts';

describe('a range of 100 bytes', () => {
  test.each([
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=10-19', { first: 10, last: 19 }],
    ['bytes=90-', { first: 90, last: 99 }],
    ['bytes=90-1000', { first: 90, last: 99 }],
    ['bytes=-1', { first: 99, last: 99 }],
    ['bytes=-1000', { first: 0, last: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=-', undefined],
    ['lines=1-2', undefined],
  ])('%s', (header, range) => expect(parseRange(header, 100)).toEqual(range));

  test('an empty object has no satisfiable range', () =>
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable'));
});

describe('conditions of a read', () => {
  const modified = Date.parse('2026-01-02T03:04:05.678Z');
  const validators = { etag: 'abc', modifiedAtMs: modified };
  const [before, same, after] = [-1000, 0, 1000].map((ms) => new Date(modified + ms).toUTCString());
  test.each([
    [{}, 'proceed'],
    [{ ifMatch: '"abc"' }, 'proceed'],
    [{ ifMatch: '"x", abc' }, 'proceed'],
    [{ ifMatch: '"x"' }, 'failed'],
    [{ ifNoneMatch: '*' }, 'not-modified'],
    [{ ifNoneMatch: 'W/"abc"' }, 'not-modified'],
    [{ ifNoneMatch: '"x"' }, 'proceed'],
    [{ ifModifiedSince: before }, 'proceed'],
    [{ ifModifiedSince: same }, 'not-modified'],
    [{ ifModifiedSince: 'nonsense' }, 'proceed'],
    [{ ifUnmodifiedSince: before }, 'failed'],
    [{ ifUnmodifiedSince: same }, 'proceed'],
    [{ ifMatch: '"abc"', ifUnmodifiedSince: before }, 'proceed'],
    [{ ifNoneMatch: '"x"', ifModifiedSince: after }, 'proceed'],
  ])('%j: %s', (conditions, outcome) => {
    expect(judgeRead(conditions, validators).outcome).toBe(outcome);
  });

  test('quotes make no difference', () => {
    expect(['"abc"', 'abc', '*'].map((header) => matchesETag(header, 'abc'))).toEqual([true, true, true]);
  });
});

describe('conditions of a write', () => {
  const current = { etag: 'abc', modifiedAtMs: 0 };
  test.each([
    ['nothing there, none wanted', { ifNoneMatch: '*' }, undefined, undefined],
    ['something there, none wanted', { ifNoneMatch: '*' }, current, 'PreconditionFailed'],
    ['the right one there', { ifMatch: '"abc"' }, current, undefined],
    ['another one there', { ifMatch: '"x"' }, current, 'PreconditionFailed'],
    ['nothing there, one wanted', { ifMatch: '"abc"' }, undefined, 'NoSuchKey'],
  ])('%s', (_, conditions, current, code) => {
    const write = () => refuseWrite(conditions, { current, key: 'k' });
    if (code) expect(write).toThrow(expect.objectContaining({ code }));
    else expect(write).not.toThrow();
  });

  test.each([[{ 'if-none-match': '"abc"' }], [{ 'if-none-match': '*', 'if-match': '"abc"' }]])(
    '%j is more than S3 does',
    (headers: Record<string, string>) => {
      expect(() => readWriteConditions((name) => headers[name])).toThrow(
        expect.objectContaining({ status: 501 }),
      );
    },
  );
});

test('the pieces of a content are the bytes asked for, file by file', () => {
  const sizes = fc.array(fc.nat(9), { maxLength: 8 });
  fc.assert(
    fc.property(sizes, fc.nat(40), fc.nat(40), (sizes, first, length) => {
      const files = sizes.map((size, index) => ({ blob: size === 0 ? null : String(index), size }));
      const bytes = files.flatMap(({ blob, size }) =>
        Array.from({ length: size }, (_, at) => `${blob}:${at}`),
      );
      const pieces = cutExtents(files, first, length).flatMap(({ blob, start, end }) =>
        Array.from({ length: end - start + 1 }, (_, at) => `${blob}:${start + at}`),
      );
      expect(pieces).toEqual(bytes.slice(first, first + length));
    }),
  );
});

test.each([
  ['bucket/key', { bucket: 'bucket', key: 'key' }],
  ['/bucket/a/b%20c', { bucket: 'bucket', key: 'a/b c' }],
  ['bucket%2Fa%2Fb', { bucket: 'bucket', key: 'a/b' }],
  ['bucket/key?versionId=abc', { bucket: 'bucket', key: 'key', versionId: 'abc' }],
])('the copy source %s', (header, source) => expect(parseCopySource(header)).toEqual(source));

test.each(['', 'bucket', 'bucket/', '/key'])('no copy source: %j', (header) => {
  expect(() => parseCopySource(header)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
});

describe('tags in a header', () => {
  test('are decoded as in a query', () => {
    expect(parseTagHeader('a=1&b+c=%2Fd')).toEqual([
      { key: 'a', value: '1' },
      { key: 'b c', value: '/d' },
    ]);
    expect(parseTagHeader(undefined)).toEqual([]);
  });

  test.each([
    ['a=1&a=2', /same key/],
    [Array.from({ length: 11 }, (_, n) => `k${n}=`).join('&'), /greater than 10/],
    ['aws:x=1', /System tags/],
    ['a=%21', /TagValue/],
    ['=1', /TagKey/],
  ])('%s is refused', (header, message) => expect(() => parseTagHeader(header)).toThrow(message));
});
