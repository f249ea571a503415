import { describe, expect, test } from 'vitest';
import { originOf, rangeHeaders, rangeRequest, readAnswer } from '../src/range.ts';
import { isLoopback, redirectTarget } from '../src/redirect.ts';
import { catchFailure } from './support/work.ts';

const url = new URL('https://me:secret@host/disk?key=secret');
const rest = { start: 100, end: Number.POSITIVE_INFINITY };
const origin = { source: 'https://host/disk', etag: '"v1"', lastModified: 'then', total: 1000 };

describe('what is asked for', () => {
  test.each([
    ['a fresh file', { wanted: { ...rest, start: 0 }, origin: undefined, hasBytes: false }, {}],
    [
      'the first piece of it',
      { wanted: { start: 0, end: 50 }, origin: undefined, hasBytes: false },
      { range: 'bytes=0-49' },
    ],
    ['the rest', { wanted: rest, origin, hasBytes: true }, { range: 'bytes=100-', 'if-range': '"v1"' }],
    [
      'a gap',
      { wanted: { start: 100, end: 200 }, origin, hasBytes: true },
      { range: 'bytes=100-199', 'if-range': '"v1"' },
    ],
    [
      'without an ETag',
      { wanted: rest, origin: { ...origin, etag: undefined }, hasBytes: true },
      { range: 'bytes=100-', 'if-range': 'then' },
    ],
    [
      'without a validator',
      { wanted: rest, origin: { source: origin.source, total: 1000 }, hasBytes: true },
      {},
    ],
    [
      'without a validator, in the same attempt',
      { wanted: rest, origin: { source: origin.source, total: 1000 }, hasBytes: true, isSameAttempt: true },
      { range: 'bytes=100-' },
    ],
    [
      'of another server',
      { wanted: rest, origin: { ...origin, source: 'https://mirror/disk' }, hasBytes: true },
      { range: 'bytes=100-' },
    ],
    [
      'of another server, size unknown',
      { wanted: rest, origin: { source: 'https://mirror/disk', etag: '"v1"' }, hasBytes: true },
      {},
    ],
    ['of nobody knows whom', { wanted: rest, origin: undefined, hasBytes: true }, {}],
  ])('%s', (_, parts, headers) => {
    expect(rangeHeaders(rangeRequest({ url, ...parts }))).toEqual(headers);
  });
});

describe('the validators that are kept', () => {
  const date = 'Tue, 06 Jan 2026 10:00:01 GMT';
  test.each([
    [{ etag: '"v1"' }, { etag: '"v1"' }],
    [{ etag: 'W/"v1"' }, {}],
    [{ etag: 'v1' }, {}],
    [
      { 'last-modified': 'Tue, 06 Jan 2026 10:00:00 GMT', date },
      { lastModified: 'Tue, 06 Jan 2026 10:00:00 GMT' },
    ],
    [{ 'last-modified': date, date }, {}],
    [{ 'last-modified': date }, {}],
    [{ 'last-modified': 'yesterday', date }, {}],
  ])('%j', (headers, kept) => {
    expect(originOf({ url, headers, total: 5 })).toEqual({ source: 'https://host/disk', total: 5, ...kept });
  });
});

describe('what an answer means', () => {
  const asked = { start: 100, ifRange: '"v1"' };
  const part = { 'content-range': 'bytes 100-999/1000' };
  test.each([
    [200, { 'content-length': '7' }, { kind: 'whole', total: 7 }],
    [200, { 'content-length': 'many' }, { kind: 'whole' }],
    [206, part, { kind: 'part', extent: { start: 100, end: 1000 }, total: 1000 }],
    [206, { 'content-range': 'bytes 100-199/1000' }, { kind: 'part', extent: { start: 100, end: 200 } }],
    [206, { 'content-range': 'bytes 100-199/*' }, { kind: 'part', total: undefined }],
    [206, { ...part, 'content-length': '900', etag: '"v1"' }, { kind: 'part' }],
    [206, { ...part, 'content-length': '899' }, { kind: 'unusable' }],
    [206, { ...part, etag: '"v2"' }, { kind: 'unusable', why: 'the file has changed' }],
    [
      206,
      { 'content-range': 'bytes 100-999/1001' },
      { kind: 'unusable', why: 'the size of the file has changed' },
    ],
    [206, { 'content-range': 'bytes 99-999/1000' }, { kind: 'unusable' }],
    [206, { 'content-range': 'bytes 999-100/1000' }, { kind: 'unusable' }],
    [206, { 'content-range': 'bytes 100-1000/1000' }, { kind: 'unusable' }],
    [206, { 'content-range': 'pages 1-2/3' }, { kind: 'unusable' }],
    [206, { 'content-type': 'multipart/byteranges; boundary=x' }, { kind: 'unusable' }],
    [416, { 'content-range': 'bytes */100' }, { kind: 'unusable' }],
    [416, {}, { kind: 'unusable' }],
    [404, {}, undefined],
    [500, part, undefined],
  ])('%i %j', (status, headers, answer) => {
    const read = readAnswer({ status, headers, asked, origin, url });
    if (answer) expect(read).toMatchObject(answer);
    else expect(read).toBeUndefined();
  });

  test('416 completes a file of unknown size, exactly', () => {
    const unknown = { ...origin, total: undefined };
    const headers = { 'content-range': 'bytes */100' };
    const at = (start: number, end?: number) =>
      readAnswer({ status: 416, headers, asked: { start, end }, origin: unknown, url });
    expect(at(100)).toEqual({ kind: 'complete', total: 100 });
    expect(at(99)).toMatchObject({ kind: 'unusable' });
    expect(at(100, 200)).toMatchObject({ kind: 'unusable' });
  });

  test('a part that nobody asked for brings nothing', () => {
    expect(
      readAnswer({ status: 206, headers: part, asked: undefined, origin: undefined, url }),
    ).toBeUndefined();
  });
});

describe('redirects', () => {
  test.each([
    ['/x', 'https://me:secret@host/x'],
    ['https://host/x', 'https://me:secret@host/x'],
    ['https://you@host/x', 'https://you@host/x'],
    ['https://other/x', 'https://other/x'],
    ['https://host:8443/x', 'https://host:8443/x'],
    ['//other/x', 'https://other/x'],
  ])('to %s', (location, target) => {
    expect(redirectTarget(url, location).href).toBe(target);
  });

  test.each(['http://host/x', 'file:///x', 'javascript:x', 'https://', undefined])(
    'to %s never',
    async (location) => {
      const error = await catchFailure((async () => redirectTarget(url, location))());
      expect(error.code).toBe('REDIRECT_REFUSED');
      expect(error.message).not.toContain('secret');
    },
  );
});

test.each([
  ['http://localhost:1/', true],
  ['http://a.localhost/', true],
  ['http://127.9.9.9/', true],
  ['http://2130706433/', true],
  ['http://[::1]/', true],
  ['http://[::ffff:127.0.0.1]/', true],
  ['http://localhost.example.com/', false],
  ['http://127.0.0.1.example.com/', false],
  ['http://128.0.0.1/', false],
  ['http://0.0.0.0/', false],
  ['http://[fe80::1]/', false],
])('%s stays on this machine: %j', (text, stays) => {
  expect(isLoopback(new URL(text))).toBe(stays);
});
