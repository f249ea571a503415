import { stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type DirectoryServer, serveDirectory } from '@ec2-image/sample-image';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { scratchDirectory } from './scratch.ts';

const body = Array.from({ length: 100_000 }, (_, index) => index % 10).join('');
let file: string;
let directory: string;
let server: DirectoryServer;

beforeEach(async () => {
  directory = await scratchDirectory();
  file = join(directory, 'image.raw');
  await writeFile(file, body);
  server = await serveDirectory({ directory });
  onTestFinished(() => server.close());
});

const get = (headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${server.url}/image.raw`, { method, headers });

test('the whole file, with what a client needs to go on later', async () => {
  const response = await get();
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(body);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-length': '100000',
    'accept-ranges': 'bytes',
    etag: expect.stringMatching(/^"[^"]+"$/),
    'last-modified': (await stat(file)).mtime.toUTCString(),
  });
});

test('HEAD answers the same headers and no body', async () => {
  const response = await get({}, 'HEAD');
  expect(response.headers.get('content-length')).toBe('100000');
  expect(await response.text()).toBe('');
});

describe('ranges', () => {
  test('from the middle to the end', async () => {
    const response = await get({ range: 'bytes=99990-' });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe('bytes 99990-99999/100000');
    expect(await response.text()).toBe('0123456789');
  });

  test('beyond the end', async () => {
    const response = await get({ range: 'bytes=100000-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */100000');
  });

  test('with If-Range: the part while the file is the same, the whole of it afterwards', async () => {
    const { headers } = await get();
    const conditions = [headers.get('etag')!, headers.get('last-modified')!];
    for (const condition of conditions) {
      expect((await get({ range: 'bytes=5-', 'if-range': condition })).status).toBe(206);
    }
    const later = new Date(Date.now() + 60_000);
    await utimes(file, later, later);
    for (const condition of conditions) {
      const response = await get({ range: 'bytes=5-', 'if-range': condition });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe(body);
    }
  });
});

test.each(['/missing', '/', '/../secret', '/%2e%2e/secret', '//', '/%00', '/%zz'])(
  '%s is not a file',
  async (path) => {
    const response = await fetch(`${server.url}${path}`);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  },
);

test('only reading is allowed', async () => {
  const response = await get({}, 'DELETE');
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, HEAD');
});

test('the requests are kept, with what became of them', async () => {
  await (await get({ range: 'bytes=0-9' })).text();
  await (await fetch(`${server.url}/missing?token=1`)).text();
  await expect
    .poll(() => server.requests)
    .toMatchObject([
      { method: 'GET', url: '/image.raw', headers: { range: 'bytes=0-9' }, status: 206, bytesSent: 10 },
      { method: 'GET', url: '/missing?token=1', status: 404 },
    ]);
});

test('a port that is taken is named', async () => {
  const port = Number(new URL(server.url).port);
  await expect(serveDirectory({ directory, port })).rejects.toMatchObject({ code: 'CANNOT_LISTEN', port });
});

test('an abort closes it, and a connection that is open does not keep it', async () => {
  const controller = new AbortController();
  const other = await serveDirectory({ directory, signal: controller.signal });
  const response = await fetch(`${other.url}/image.raw`);
  controller.abort();
  await other.close();
  await response.text().catch(() => {});
  // The port is free again.
  const next = createServer();
  await new Promise<void>((resolve) => next.listen(Number(new URL(other.url).port), '127.0.0.1', resolve));
  next.close();
});
