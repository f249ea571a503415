import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { readChecksum } from '@ec2-image/fetch';
import { describe, expect, test } from 'vitest';
import { fileHandler } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { catchFailure, digestOfBytes, patient, temporaryDirectory } from './support/work.ts';

const digest = digestOfBytes('image');
const line = `SHA256 (disk.qcow2) = ${digest.slice(7)}\n`;

const read = (url: string | string[], options: Partial<Parameters<typeof readChecksum>[0]> = {}) =>
  readChecksum({ url, imageUrl: '/images/disk.qcow2', sleep: async () => {}, ...options });

test('from a server, through a redirect, and its URL comes back without secrets', async () => {
  const { url, requests } = await serve((request, response) =>
    request.url?.startsWith('/CHECKSUM')
      ? response.writeHead(302, { location: '/moved' }).end()
      : response.end(line),
  );
  const withSecrets = `${url.replace('//', '//me:secret@')}/CHECKSUM?key=secret`;
  expect(await read(withSecrets)).toEqual({ digest, url: `${url}/CHECKSUM` });
  expect(requests.map(({ path }) => path)).toEqual(['/CHECKSUM?key=secret', '/moved']);
});

test('from a local path and a file URL', async () => {
  const path = join(await temporaryDirectory(), 'CHECK SUM');
  await writeFile(path, line);
  expect(await read(path)).toEqual({ digest, url: path });
  expect(await read(pathToFileURL(path).href)).toEqual({ digest, url: path });
});

test('local ones that cannot be read', async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, 'directory'));
  await writeFile(join(directory, 'huge'), '');
  await truncate(join(directory, 'huge'), 2 ** 40);
  expect(await catchFailure(read(join(directory, 'missing')))).toMatchObject({
    code: 'LOCAL_FILE_UNREADABLE',
  });
  expect(await catchFailure(read(join(directory, 'directory')))).toMatchObject({
    code: 'LOCAL_FILE_UNREADABLE',
  });
  expect(await catchFailure(read(join(directory, 'huge')))).toMatchObject({ code: 'CHECKSUM_TOO_LARGE' });
});

describe('over a network that does not behave', () => {
  test('is retried like a download', async () => {
    const { url, requests } = await serve((request, response) => {
      if (requests.length === 1) return response.writeHead(503).end();
      fileHandler({ content: Buffer.from(line), ...(requests.length === 2 && { dropAfter: 10 }) })(
        request,
        response,
      );
    });
    const { sleeps, notices, options } = patient();
    expect(await read(`${url}/CHECKSUM`, options)).toMatchObject({ digest });
    expect(sleeps).toHaveLength(2);
    expect(notices).toHaveLength(2);
  });

  test('404 fails at once, and a mirror is asked', async () => {
    const gone = await serve((_request, response) => response.writeHead(404).end());
    expect(await catchFailure(read(`${gone.url}/CHECKSUM`))).toMatchObject({
      code: 'HTTP_NOT_FOUND',
      hint: 'Check the checksum URL.',
      status: 404,
    });
    const mirror = await serve(fileHandler({ content: Buffer.from(line) }));
    expect(await read([`${gone.url}/CHECKSUM`, `${mirror.url}/CHECKSUM`])).toMatchObject({ digest });
  });

  test('one that never ends', async () => {
    const { url } = await serve((_request, response) => {
      const chunk = Buffer.alloc(65_536, '#\n');
      const more = () => {
        while (response.write(chunk));
        response.once('drain', more);
      };
      more();
    });
    expect(await catchFailure(read(`${url}/CHECKSUM`))).toMatchObject({ code: 'CHECKSUM_TOO_LARGE' });
  });

  test('one that drips', async () => {
    const { url, requests } = await serve((_request, response) => {
      const drip = setInterval(() => response.write('#'), 10);
      response.on('close', () => clearInterval(drip));
    });
    const error = await catchFailure(read(`${url}/CHECKSUM`, { stallTimeoutMs: 100, maxAttempts: 2 }));
    expect(error.code).toBe('DOWNLOAD_STALLED');
    expect(requests).toHaveLength(2);
  });

  test('an abort comes back as it was given', async () => {
    const { url } = await serve(() => {});
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    expect(await catchFailure(read(`${url}/CHECKSUM`, { signal: controller.signal }))).toBe(reason);
    expect(await catchFailure(read(`${url}/CHECKSUM`, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  test('a web page, and one without the image', async () => {
    const page = await serve((_request, response) => response.end('<html>Sign in</html>'));
    expect(await catchFailure(read(`${page.url}/CHECKSUM`))).toMatchObject({ code: 'CHECKSUM_IS_HTML' });
    const other = await serve((_request, response) => response.end(line));
    expect(
      await catchFailure(read(`${other.url}/CHECKSUM?x`, { imageUrl: '/images/other.qcow2' })),
    ).toMatchObject({
      code: 'CHECKSUM_ENTRY_MISSING',
      names: ['disk.qcow2'],
      message: `${other.url}/CHECKSUM has no checksum for other.qcow2; it lists disk.qcow2`,
    });
  });
});

describe('an entry of another name', () => {
  const other = `${digestOfBytes('other').slice(7)}  other.qcow2\n`;
  const withNotices = () => {
    const notices: string[] = [];
    return { notices, onNotice: (message: string) => notices.push(message) };
  };

  test.each([
    ['in front of /download', '/projects/disk.qcow2/download'],
    ['as a parameter', '/get.php?id=7&file=disk.qcow2'],
    ['as a parameter that is a path', '/get?path=/pub/x86_64/disk.qcow2'],
  ])('the image URL names it %s', async (_, path) => {
    const { url } = await serve((_request, response) => response.end(other + line));
    const { notices, onNotice } = withNotices();
    const imageUrl = `https://images.invalid${path}`;
    expect(await read(`${url}/SUMS`, { imageUrl, onNotice })).toMatchObject({ digest });
    expect(notices).toEqual(['using the checksum of disk.qcow2, as the image URL names it']);
  });

  test.each([
    ['its redirect leads there', { location: '/pub/disk.qcow2?token=1' }, 302],
    ['Content-Disposition', { 'content-disposition': 'attachment; filename="disk.qcow2"' }, 200],
    ['Content-Disposition, bare', { 'content-disposition': 'attachment; filename=disk.qcow2' }, 200],
    [
      'Content-Disposition, extended',
      { 'content-disposition': "attachment; filename=x; filename*=UTF-8''disk%2Eqcow2" },
      206,
    ],
  ])('the server of the image names it: %s', async (_, headers, status) => {
    const sums = await serve((_request, response) => response.end(other + line));
    const image = await serve((request, response) =>
      request.url === '/latest' ? response.writeHead(status, headers).end('x') : response.end('x'),
    );
    const { notices, onNotice } = withNotices();
    const imageUrl = `${image.url}/latest`;
    expect(await read(`${sums.url}/SUMS`, { imageUrl, onNotice })).toMatchObject({ digest });
    expect(notices).toEqual(['using the checksum of disk.qcow2, as the server names the image']);
  });

  test('the name in the image URL comes first, and asks no server', async () => {
    const { url, requests } = await serve((_request, response) => response.end(other + line));
    const imageUrl = `${url}/disk.qcow2?file=other.qcow2`;
    expect(await read(`${url}/SUMS`, { imageUrl })).toMatchObject({ digest });
    expect(requests.map(({ path }) => path)).toEqual(['/SUMS']);
  });

  test('the only entry of a file that is named after the image', async () => {
    const { url } = await serve((request, response) =>
      request.url?.startsWith('/pub/') ? response.end(line) : response.writeHead(404).end(),
    );
    const { notices, onNotice } = withNotices();
    const imageUrl = `${url}/latest.qcow2`;
    expect(await read(`${url}/pub/latest.qcow2.sha256`, { imageUrl, onNotice })).toMatchObject({ digest });
    expect(notices).toEqual([
      `using the checksum of disk.qcow2, the only one in ${url}/pub/latest.qcow2.sha256`,
    ]);
    const failure = await catchFailure(read(`${url}/pub/SHA256SUMS`, { imageUrl }));
    expect(failure).toMatchObject({
      code: 'CHECKSUM_ENTRY_MISSING',
      hint: expect.stringContaining('--checksum-entry'),
    });
  });

  test('but not one of two', async () => {
    const { url } = await serve((_request, response) => response.end(other + line));
    const failure = await catchFailure(read(`${url}/latest.qcow2.sha256`, { imageUrl: '/latest.qcow2' }));
    expect(failure.code).toBe('CHECKSUM_ENTRY_MISSING');
  });

  test('the one that is asked for, and no other', async () => {
    const { url } = await serve((_request, response) => response.end(other + line));
    const options = { imageUrl: '/images/other.qcow2', entry: 'disk.qcow2' };
    expect(await read(`${url}/SUMS`, options)).toMatchObject({ digest });
    const failure = await catchFailure(read(`${url}/SUMS`, { ...options, entry: 'gone.qcow2' }));
    expect(failure.code).toBe('CHECKSUM_ENTRY_MISSING');
  });
});

describe('stored encoded', () => {
  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const)('%s is decoded', async (encoding, encode) => {
    const { url } = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(encode(line)),
    );
    expect(await read(`${url}/SUMS`)).toMatchObject({ digest });
  });

  test.each([
    ['a bomb', 'gzip', gzipSync(Buffer.alloc(2 ** 24))],
    ['damaged', 'gzip', Buffer.from(line)],
    ['of an unknown kind', 'compress', Buffer.from(line)],
  ])('%s is refused', async (_, encoding, body) => {
    const { url } = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    expect(await catchFailure(read(`${url}/SUMS`))).toMatchObject({
      code: 'CHECKSUM_UNREADABLE',
      message: expect.stringContaining(`Content-Encoding "${encoding}"`),
    });
  });
});

describe('over plain http', () => {
  test('from another machine is refused before any request', async () => {
    const error = await catchFailure(read('http://192.0.2.1/CHECKSUM?key=secret'));
    expect(error).toMatchObject({ code: 'INSECURE_CHECKSUM', url: 'http://192.0.2.1/CHECKSUM' });
    expect(error.hint).toContain('--allow-insecure-checksum');
  });

  test('nor through a redirect', async () => {
    const { url, requests } = await serve((_request, response) =>
      response.writeHead(302, { location: 'http://192.0.2.1/CHECKSUM' }).end(),
    );
    expect(await catchFailure(read(`${url}/CHECKSUM`))).toMatchObject({ code: 'INSECURE_CHECKSUM' });
    expect(requests).toHaveLength(1);
  });
});
