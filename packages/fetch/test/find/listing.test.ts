import { describe, expect, test } from 'vitest';
import { linkTargets } from '../../src/find/links.ts';
import { parseBucketPage, parseListing } from '../../src/find/listing.ts';
import { bucketPage, listings } from './listings.ts';

const url = new URL('https://example.org/images/');
const listed = (html: string) => parseListing({ text: html, url });

test.each(Object.keys(listings))('a listing by %s', (server) => {
  const files = ['Fedora-Cloud-43-1.6-x86_64-CHECKSUM', 'disk & co.qcow2', 'disk+1.raw.xz'];
  expect(listed(listings[server]!([...files, '43/']))).toEqual({ files, directories: ['43'] });
});

test('the keys of a bucket', () => {
  const text = bucketPage({ prefix: 'images/', names: ['a & b.raw', 'old/'], nextToken: 'a+b=' });
  expect(parseBucketPage({ text, prefix: 'images/' })).toEqual({
    files: ['a & b.raw'],
    directories: ['old'],
    nextToken: 'a+b=',
  });
  expect(parseBucketPage({ text: '<Error><Code>NoSuchKey</Code></Error>', prefix: '' })).toBeUndefined();
});

describe('a hostile listing', () => {
  test.each([
    '../disk.raw',
    '..%2Fdisk.raw',
    '..',
    '%2e%2e/disk.raw',
    '/disk.raw',
    '/images2/disk.raw',
    'deeper/disk.raw',
    'https://evil.example/images/disk.raw',
    '//evil.example/images/disk.raw',
    'http://example.org/images/disk.raw',
    'https://example.org@evil.example/images/disk.raw',
    'javascript:alert(1)',
    'data:text/plain,disk.raw',
    'disk.raw?C=N',
    'a%00.raw',
    'a%0A.raw',
    'a%1b[31m.raw',
    'a%E2%80%AE.raw',
    'a%5Cb.raw',
    '%ff.raw',
    '.hidden.raw',
    `${'x'.repeat(300)}.raw`,
  ])('names nothing by %s', (target) => {
    expect(listed(`<a href="${target}">disk.raw</a>`)).toEqual({ files: [], directories: [] });
  });

  test('of links in comments, in text and in attributes of other tags', () => {
    const html =
      '<!-- <a href="commented.raw"> --> &lt;a href="text.raw"> <abbr href="abbr.raw"> <img alt=\'<a href="x\'>' +
      '<a name="y" HREF = \'d&#105;sk&#x2e;raw\'> <a href=""> <a> <a/href=slash.raw> <a href="last.raw';
    expect(listed(html).files).toEqual(['disk.raw', 'slash.raw']);
  });

  test('JSON that is something else', () => {
    for (const text of ['[', '[1, null, {"name": 7}, {"name": "../x"}]', '{"name": "x"}'])
      expect(listed(text)).toEqual({ files: [], directories: [] });
  });

  /** Of two sizes, the larger takes about as many times as long: with a square it would take sixteen times. */
  test.each([
    ['<a href="', 1],
    ['<a ', 1],
    ['<a href=\'x" ', 1],
    ['<!--', 1],
    ['<a href==', 1],
    ['<a a= ', 1],
    ['<a href="&#1', 1],
    ['<a href=x y="', 1],
    [' ', 1],
  ])('made of %j takes linear time', (piece) => {
    const seconds = (bytes: number) => {
      const text = `<a ${piece.repeat(bytes / piece.length)}`;
      const times = [1, 2, 3].map(() => {
        const started = process.cpuUsage();
        linkTargets(text);
        return process.cpuUsage(started).user;
      });
      return Math.min(...times);
    };
    const small = seconds(2 ** 18);
    expect(seconds(2 ** 20)).toBeLessThan(12 * small + 50_000);
  });
});
