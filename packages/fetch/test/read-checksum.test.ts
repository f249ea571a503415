import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readChecksum } from '@ec2-image/fetch';
import { describe, expect, test } from 'vitest';
import { fileHandler } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { catchFailure, digestOfBytes, patient, temporaryDirectory } from './support/work.ts';

const digest = digestOfBytes('image');
const line = `SHA256 (disk.qcow2) = ${digest.slice(7)}\n`;

const read = (url: string | string[], options: Partial<Parameters<typeof readChecksum>[0]> = {}) =>
  readChecksum({ url, fileName: 'disk.qcow2', sleep: async () => {}, ...options });

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
    expect(await catchFailure(read(`${other.url}/CHECKSUM?x`, { fileName: 'other.qcow2' }))).toMatchObject({
      code: 'CHECKSUM_ENTRY_MISSING',
      names: ['disk.qcow2'],
      message: `${other.url}/CHECKSUM has no checksum for other.qcow2; it lists disk.qcow2`,
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
