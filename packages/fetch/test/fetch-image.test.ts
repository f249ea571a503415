import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fetchImage, type Progress } from '@ec2-image/fetch';
import { describe, expect, test } from 'vitest';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import {
  catchFailure,
  digestOfBytes,
  fetchTo,
  patient,
  storedPath,
  temporaryDirectory,
} from './support/work.ts';

const content = sampleBytes(300_000);
const digest = digestOfBytes(content);

describe('a download', () => {
  test('ends under its own name, verified, with nothing beside it', async () => {
    const { url, requests } = await serve(fileHandler({ content }));
    const directory = join(await temporaryDirectory(), 'made', 'on the way');
    const progress: Progress[] = [];
    const image = await fetchImage({
      url: `${url}/images/Cloud%20Base.qcow2?token=secret`,
      digest,
      directory,
      onProgress: (step) => progress.push(step),
    });
    const path = storedPath(directory, content, 'Cloud_Base.qcow2');
    expect(image).toMatchObject({
      path,
      size: 300_000,
      digest,
      outcome: 'downloaded',
      bytesTransferred: 300_000,
    });
    expect(content.equals(await readFile(path))).toBe(true);
    expect(await readdir(directory)).toEqual(
      [path, `${path}.lock`].map((name) => name.slice(directory.length + 1)),
    );
    expect(requests).toHaveLength(1);
    expect(requests[0]!.headers).toMatchObject({ 'accept-encoding': 'identity' });
    expect(requests[0]!.headers).not.toHaveProperty('range');
    expect(progress[0]).toEqual({ done: 0, total: undefined });
    expect(progress.at(-1)).toEqual({ done: 300_000, total: 300_000 });
    expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).sort((a, b) => a - b));
  });

  test('a sha512 digest, an unknown length, an empty file', async () => {
    const { url } = await serve((_request, response) => {
      response.write(content.subarray(0, 1000));
      response.end(content.subarray(1000));
    });
    const sha512 = digestOfBytes(content, 'sha512');
    const image = await fetchTo({ url: `${url}/disk.raw`, digest: sha512 });
    expect(image).toMatchObject({ size: 300_000, digest: sha512, outcome: 'downloaded' });
    expect(image.path).toMatch(new RegExp(`/${sha512.slice(7, 19)}-disk.raw$`));

    const empty = await serve(fileHandler({ content: Buffer.alloc(0) }));
    expect(await fetchTo({ url: `${empty.url}/x`, digest: digestOfBytes('') })).toMatchObject({ size: 0 });
  });

  test('credentials in the URL go to its server and to no other, and are never shown', async () => {
    const elsewhere = await serve(fileHandler({ content: sampleBytes(10, 7) }));
    const { url, requests } = await serve((request, response) => {
      const location = request.url?.startsWith('/a') ? '/b' : `${elsewhere.url}/disk?signature=secret`;
      response.writeHead(302, { location }).end();
    });
    const { notices, options } = patient();
    const error = await catchFailure(
      fetchTo({ url: `${url.replace('//', '//us%65r:s%40cret@')}/a?key=secret`, digest, ...options }),
    );
    const authorization = `Basic ${Buffer.from('user:s@cret').toString('base64')}`;
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([
      authorization,
      authorization,
      authorization,
      authorization,
    ]);
    expect(elsewhere.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(error.code).toBe('DIGEST_MISMATCH');
    expect(JSON.stringify([error.message, error.hint, error.facts, notices])).not.toMatch(
      /s@cret|s%40cret|secret|user/,
    );
  });

  test('the abort signal ends it at once, keeps what is there, and comes back as it was given', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': content.length, etag: '"v1"' });
      response.write(content.subarray(0, 100_000));
      let at = 100_000;
      const drip = setInterval(() => response.write(content.subarray(at, ++at)), 5);
      response.on('close', () => clearInterval(drip));
    });
    const directory = await temporaryDirectory();
    const controller = new AbortController();
    const reason = new Error('enough');
    const fetching = fetchImage({
      url: `${url}/disk`,
      digest,
      directory,
      signal: controller.signal,
      onProgress: ({ done }) => done >= 100_000 && controller.abort(reason),
      onNotice: (message) => expect.unreachable(message),
    });
    expect(await catchFailure(fetching)).toBe(reason);
    const partial = await readFile(`${storedPath(directory, content, 'disk')}.partial`);
    expect(partial.length).toBeGreaterThanOrEqual(100_000);
    expect(content.subarray(0, partial.length).equals(partial)).toBe(true);
  });
});

describe('what is there already', () => {
  test('is hashed and used, without asking anybody', async () => {
    const directory = await temporaryDirectory();
    await writeFile(storedPath(directory, content, 'disk.img'), content);
    const image = await fetchTo({ url: 'http://127.0.0.1:1/disk.img', digest, directory });
    expect(image).toMatchObject({ outcome: 'reused', size: 300_000, bytesTransferred: 0 });
  });

  test('is replaced where one bit of it is wrong', async () => {
    const { url } = await serve(fileHandler({ content }));
    const directory = await temporaryDirectory();
    const path = storedPath(directory, content, 'disk.img');
    const damaged = Buffer.from(content);
    damaged[123_456]! ^= 1;
    await writeFile(path, damaged);
    const { notices, options } = patient();
    const image = await fetchTo({ url: `${url}/disk.img`, digest, directory, ...options });
    expect(image).toMatchObject({ outcome: 'downloaded', path });
    expect(content.equals(await readFile(path))).toBe(true);
    expect(notices).toEqual([expect.stringContaining('is corrupt')]);
  });

  test('is never shared by two images of one name', async () => {
    const other = sampleBytes(1000, 2);
    const { url } = await serve((request, response) =>
      fileHandler({ content: request.url === '/a/disk.img' ? content : other })(request, response),
    );
    const directory = await temporaryDirectory();
    const [one, two] = await Promise.all([
      fetchTo({ url: `${url}/a/disk.img`, digest, directory }),
      fetchTo({ url: `${url}/b/disk.img`, digest: digestOfBytes(other), directory }),
    ]);
    expect(one.path).not.toBe(two.path);
    expect(content.equals(await readFile(one.path))).toBe(true);
    expect(other.equals(await readFile(two.path))).toBe(true);
  });
});

describe('a local image', () => {
  test('is hashed and used in place, by path and by file URL', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'my image #1.raw');
    await writeFile(path, content);
    const expected = { path, size: 300_000, digest, outcome: 'local', bytesTransferred: 0 };
    expect(await fetchTo({ url: path, digest })).toMatchObject(expected);
    expect(await fetchTo({ url: pathToFileURL(path).href, digest })).toMatchObject(expected);
  });

  test('is not touched where its digest is wrong', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'disk.raw');
    await writeFile(path, content);
    const error = await catchFailure(
      fetchTo({ url: path, digest: digestOfBytes('other'), checksumUrl: 'https://me:pw@host/SUMS?x' }),
    );
    expect(error).toMatchObject({
      code: 'DIGEST_MISMATCH',
      expected: digestOfBytes('other'),
      actual: digest,
      urls: [path],
      checksumUrl: 'https://host/SUMS',
    });
    expect(content.equals(await readFile(path))).toBe(true);
  });

  test('that cannot be read says so', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'a directory'));
    for (const url of [join(directory, 'missing'), join(directory, 'a directory'), '/dev/null'])
      expect(await catchFailure(fetchTo({ url, digest }))).toMatchObject({
        code: 'LOCAL_FILE_UNREADABLE',
        path: url,
      });
  });

  test('that is missing gives way to a mirror', async () => {
    const { url } = await serve(fileHandler({ content }));
    const { notices, options } = patient();
    const image = await fetchTo({ url: ['/nowhere/disk.img', `${url}/disk.img`], digest, ...options });
    expect(image.outcome).toBe('downloaded');
    expect(notices).toEqual([expect.stringContaining('no such file')]);
  });
});

test.each([
  ['ftp://host/disk', 'other than http'],
  ['s3://bucket/key', 'no credentials'],
  ['http://user:pa/ss@host:99999999/x?key=secret', 'not a valid URL'],
  ['file://elsewhere/disk', 'not a file URL of this machine'],
  ['', 'neither'],
])('%s is not a URL to download from', async (url, what) => {
  const error = await catchFailure(fetchTo({ url, digest }));
  expect(error).toMatchObject({ code: 'BAD_URL', message: expect.stringContaining(what) });
  expect(error.message).not.toMatch(/pa\/ss|secret/);
});

test('no URL at all', async () => {
  expect(await catchFailure(fetchTo({ url: [], digest }))).toMatchObject({ code: 'BAD_URL' });
});

test('a symbolic link under the partial name is not followed', async () => {
  const { url } = await serve(fileHandler({ content }));
  const directory = await temporaryDirectory();
  const victim = join(directory, 'victim');
  await writeFile(victim, 'precious');
  await symlink(victim, `${storedPath(directory, content, 'disk')}.partial`);
  expect(await catchFailure(fetchTo({ url: `${url}/disk`, digest, directory }))).toMatchObject({
    code: 'WORK_DIRECTORY_UNUSABLE',
  });
  expect(await readFile(victim, 'utf8')).toBe('precious');
});

test('a work directory that cannot be one says so', async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'file');
  await writeFile(file, '');
  const inFile = fetchTo({ url: 'http://127.0.0.1:1/disk', digest, directory: join(file, 'below') });
  expect(await catchFailure(inFile)).toMatchObject({ code: 'WORK_DIRECTORY_UNUSABLE', reason: 'ENOTDIR' });
  const path = storedPath(directory, content, 'disk');
  await mkdir(path);
  const inTheWay = fetchTo({ url: 'http://127.0.0.1:1/disk', digest, directory });
  expect(await catchFailure(inTheWay)).toMatchObject({ code: 'WORK_DIRECTORY_UNUSABLE' });
  await rm(path, { recursive: true });
});
