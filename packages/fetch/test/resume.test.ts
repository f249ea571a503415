import { readFile, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { fileHandler, type ServedFile, sampleBytes } from './support/file-handler.ts';
import { type SeenRequest, serve, serveRaw } from './support/server.ts';
import {
  catchFailure,
  digestOfBytes,
  fetchTo,
  patient,
  storedPath,
  temporaryDirectory,
} from './support/work.ts';

const content = sampleBytes(400_000);
const digest = digestOfBytes(content);
const old = { 'last-modified': 'Tue, 06 Jan 2026 10:00:00 GMT' };

/** A directory in which an earlier run left the beginning, as it was served from `url`. */
async function interrupted({
  file,
  bytes = 150_000,
  digest: wanted = digest,
}: {
  file?: Partial<ServedFile>;
  bytes?: number;
  digest?: typeof digest;
} = {}) {
  const directory = await temporaryDirectory();
  let current: ServedFile = { content, ...file, dropAfter: bytes };
  const { url, requests } = await serve((request, response) => fileHandler(current)(request, response));
  const first = await catchFailure(
    fetchTo({ url: `${url}/disk`, digest: wanted, directory, maxAttempts: 1 }),
  );
  expect(first).toMatchObject({
    code: 'BODY_TRUNCATED',
    receivedBytes: bytes,
    expectedBytes: content.length,
  });
  requests.length = 0;
  const serveNow = (next: Partial<ServedFile>) => {
    current = { content, ...file, ...next };
  };
  serveNow({});
  return {
    directory,
    url: `${url}/disk`,
    requests,
    serveNow,
    partial: `${storedPath(directory, content, 'disk')}.partial`,
  };
}

const ranges = (requests: readonly SeenRequest[]) =>
  requests.map(({ headers }) => [headers.range, headers['if-range']]);

describe('a later run', () => {
  test('resumes where the earlier one stopped, held to the ETag', async () => {
    const { directory, url, requests } = await interrupted();
    const progress: unknown[] = [];
    const { notices, options } = patient();
    const image = await fetchTo({
      url,
      digest,
      directory,
      ...options,
      onProgress: (step) => progress.push(step),
    });
    expect(image).toMatchObject({ outcome: 'resumed', size: 400_000, bytesTransferred: 250_000 });
    expect(content.equals(await readFile(image.path))).toBe(true);
    expect(ranges(requests)).toEqual([['bytes=150000-', '"v1"']]);
    expect(progress[0]).toEqual({ done: 150_000, total: 400_000 });
    expect(notices).toEqual(['resuming download at 146 KiB']);
  });

  test('is held to a date that is old enough where the ETag is weak', async () => {
    const file = { etag: 'W/"v1"', lastModified: old['last-modified'] };
    const { directory, url, requests } = await interrupted({ file });
    expect(await fetchTo({ url, digest, directory })).toMatchObject({ outcome: 'resumed' });
    expect(ranges(requests)).toEqual([['bytes=150000-', old['last-modified']]]);
  });

  test.each([
    ['a weak ETag alone', { etag: 'W/"v1"' }],
    ['a date of this very second', { etag: null, lastModified: new Date(Date.now() + 60_000).toUTCString() }],
    ['nothing', { etag: null }],
  ])('starts over where %s vouches for the file', async (_, file) => {
    const { directory, url, requests } = await interrupted({ file });
    const { notices, options } = patient();
    const image = await fetchTo({ url, digest, directory, ...options });
    expect(image).toMatchObject({ outcome: 'downloaded', bytesTransferred: 400_000 });
    expect(ranges(requests)).toEqual([[undefined, undefined]]);
    expect(notices).toContainEqual(expect.stringContaining('starting over'));
  });

  test('starts over where the file changed meanwhile', async () => {
    const changed = sampleBytes(350_000, 9);
    const { directory, url, requests, serveNow } = await interrupted({ digest: digestOfBytes(changed) });
    serveNow({ content: changed, etag: '"v2"' });
    const image = await fetchTo({ url, digest: digestOfBytes(changed), directory });
    expect(image).toMatchObject({ outcome: 'downloaded', size: 350_000, bytesTransferred: 350_000 });
    expect(requests).toHaveLength(1);
  });

  test('starts over where the server takes no ranges any more', async () => {
    const { directory, url, serveNow } = await interrupted();
    serveNow({ ranges: false });
    expect(await fetchTo({ url, digest, directory })).toMatchObject({
      outcome: 'downloaded',
      bytesTransferred: 400_000,
    });
  });

  test('does not build on what was fetched for another digest', async () => {
    const { directory, url, requests, partial } = await interrupted();
    const journal = await readFile(`${partial}.journal`, 'utf8');
    await writeFile(`${partial}.journal`, journal.replaceAll(digest, digestOfBytes('other')));
    expect(await fetchTo({ url, digest, directory })).toMatchObject({ outcome: 'downloaded' });
    expect(ranges(requests)).toEqual([[undefined, undefined]]);
  });

  test('resumes from another mirror too, if the size of its file agrees', async () => {
    const { directory } = await interrupted();
    const mirror = await serve(fileHandler({ content, etag: '"of the mirror"' }));
    const image = await fetchTo({ url: `${mirror.url}/disk`, digest, directory });
    expect(image).toMatchObject({ outcome: 'resumed', bytesTransferred: 250_000 });
    expect(ranges(mirror.requests)).toEqual([['bytes=150000-', undefined]]);

    const again = await interrupted({ digest: digestOfBytes(content.subarray(4)) });
    const stale = await serve(fileHandler({ content: content.subarray(4) }));
    const other = await fetchTo({
      url: `${stale.url}/disk`,
      digest: digestOfBytes(content.subarray(4)),
      directory: again.directory,
    });
    expect(other).toMatchObject({ outcome: 'downloaded', size: 399_996 });
  });

  test('asks nobody where everything is there but the name', async () => {
    const { directory, url, partial, requests } = await interrupted();
    await writeFile(partial, content);
    await writeFile(`${partial}.journal`, '150000 400000\n', { flag: 'a' });
    expect(await fetchTo({ url, digest, directory })).toMatchObject({
      outcome: 'resumed',
      bytesTransferred: 0,
    });
    expect(requests).toEqual([]);
  });

  test('learns from a 416 that a file of unknown length was complete', async () => {
    const directory = await temporaryDirectory();
    const { url, requests } = await serve((request, response) => {
      if (request.headers.range) return fileHandler({ content })(request, response);
      response.writeHead(200, { etag: '"v1"' });
      response.write(content, () => response.destroy());
    });
    const image = await fetchTo({ url: `${url}/disk`, digest, directory });
    expect(image).toMatchObject({ size: 400_000, bytesTransferred: 400_000 });
    expect(ranges(requests)).toEqual([
      [undefined, undefined],
      ['bytes=400000-', '"v1"'],
    ]);
  });
});

describe('what was kept is never believed', () => {
  test('one flipped bit in it: all is fetched again', async () => {
    const { directory, url, requests, partial } = await interrupted();
    const damaged = await readFile(partial);
    damaged[70_000]! ^= 4;
    await writeFile(partial, damaged);
    const { notices, options } = patient();
    const image = await fetchTo({ url, digest, directory, ...options });
    expect(image).toMatchObject({ outcome: 'downloaded', bytesTransferred: 650_000 });
    expect(content.equals(await readFile(image.path))).toBe(true);
    expect(ranges(requests)).toEqual([
      ['bytes=150000-', '"v1"'],
      [undefined, undefined],
    ]);
    expect(notices).toContainEqual(expect.stringContaining('downloading again'));
  });

  test('a journal that claims more than the file holds', async () => {
    const { directory, url, requests, partial } = await interrupted();
    await truncate(partial, 90_000);
    await writeFile(`${partial}.journal`, '200000 300000\n', { flag: 'a' });
    expect(await fetchTo({ url, digest, directory })).toMatchObject({
      outcome: 'resumed',
      bytesTransferred: 310_000,
    });
    expect(ranges(requests)).toEqual([['bytes=90000-', '"v1"']]);
  });

  test('a journal that claims everything', async () => {
    const { directory, url, partial } = await interrupted();
    await truncate(partial, 400_000);
    await writeFile(`${partial}.journal`, '0 400000\n', { flag: 'a' });
    expect(await fetchTo({ url, digest, directory })).toMatchObject({
      outcome: 'downloaded',
      bytesTransferred: 400_000,
    });
  });

  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['nonsense', '\0\xff\n{"version":1}\n'],
    ['one with a header smuggled in', '{"source":"x","etag":"\\"a\\"\\r\\nx-evil: 1"}\n0 10\n'],
  ])('a journal that is %s', async (_, journal) => {
    const { directory, url, requests, partial } = await interrupted();
    const first = (await readFile(`${partial}.journal`, 'utf8')).split('\n')[0];
    await writeFile(
      `${partial}.journal`,
      journal?.startsWith('{') ? `${first}\n${journal}` : (journal ?? ''),
    );
    expect(await fetchTo({ url, digest, directory })).toMatchObject({ outcome: 'downloaded' });
    expect(ranges(requests)).toEqual([[undefined, undefined]]);
  });
});

describe('within one run', () => {
  test('dropped connections cost nothing but a pause each', async () => {
    const { url, requests } = await serve(fileHandler({ content, dropAfter: 60_000 }));
    const { sleeps, options } = patient();
    const image = await fetchTo({ url: `${url}/disk`, digest, ...options });
    expect(image).toMatchObject({ outcome: 'downloaded', bytesTransferred: 400_000 });
    expect(requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      ...[1, 2, 3, 4, 5, 6].map((count) => `bytes=${count * 60_000}-`),
    ]);
    // Every connection advanced the download, so the pauses do not grow.
    expect(sleeps).toHaveLength(6);
    expect(Math.max(...sleeps)).toBeLessThanOrEqual(1000);
  });

  test.each([
    ['another range', 'bytes 140000-399999/400000', 260_000],
    ['no range', undefined, 250_000],
    ['a length that contradicts it', 'bytes 150000-399999/400000', 249_999],
    ['another size of the whole', 'bytes 150000-399999/500000', 250_000],
    ['a range beyond the whole', 'bytes 150000-499999/400000', 350_000],
  ])('a 206 with %s: starts over, plainly', async (_, contentRange, length) => {
    const { url, requests } = await serve((request, response) => {
      if (!request.headers.range)
        return fileHandler({ content, ...(requests.length === 1 && { dropAfter: 150_000 }) })(
          request,
          response,
        );
      response.writeHead(206, {
        etag: '"v1"',
        'content-length': length,
        ...(contentRange && { 'content-range': contentRange }),
      });
      response.write('x');
    });
    const image = await fetchTo({ url: `${url}/disk`, digest });
    expect(image).toMatchObject({ outcome: 'downloaded', bytesTransferred: 550_000 });
    expect(requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=150000-', undefined]);
  });

  test('a 206 of a file that changed although If-Range forbade it: starts over', async () => {
    const { url, requests } = await serve((request, response) => {
      if (requests.length === 2) {
        delete request.headers['if-range'];
        return fileHandler({ content: sampleBytes(400_000, 3), etag: '"v2"' })(request, response);
      }
      return fileHandler({ content, ...(requests.length === 1 && { dropAfter: 150_000 }) })(
        request,
        response,
      );
    });
    expect(await fetchTo({ url: `${url}/disk`, digest })).toMatchObject({ outcome: 'downloaded' });
    expect(requests).toHaveLength(3);
  });

  test('a 416 for what must be there: starts over', async () => {
    const { url, requests } = await serve((request, response) => {
      if (request.headers.range) return response.writeHead(416, { 'content-range': 'bytes */10' }).end();
      return fileHandler({ content, ...(requests.length === 1 && { dropAfter: 150_000 }) })(
        request,
        response,
      );
    });
    expect(await fetchTo({ url: `${url}/disk`, digest })).toMatchObject({ bytesTransferred: 550_000 });
    expect(requests).toHaveLength(3);
  });

  test('a server that only ever answers a bit of the range is asked again for the rest', async () => {
    const { url, requests } = await serve((request, response) => {
      const match = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
      if (!match) return fileHandler({ content, dropAfter: 100_000 })(request, response);
      const start = Number(match[1]);
      request.headers.range = `bytes=${start}-${start + 99_999}`;
      return fileHandler({ content })(request, response);
    });
    expect(await fetchTo({ url: `${url}/disk`, digest })).toMatchObject({ bytesTransferred: 400_000 });
    expect(requests).toHaveLength(4);
  });

  test('a server that always breaks at the same place and takes no ranges is given up', async () => {
    const { url, requests } = await serve(fileHandler({ content, ranges: false, dropAfter: 150_000 }));
    const { sleeps, options } = patient();
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, maxAttempts: 4, ...options }));
    expect(error).toMatchObject({ code: 'BODY_TRUNCATED', receivedBytes: 150_000, expectedBytes: 400_000 });
    expect(error.message).toContain('150,000 bytes of 400,000 bytes');
    // The first of them got further than any before it; from then on they count.
    expect(requests).toHaveLength(4);
    expect(sleeps).toHaveLength(3);
    expect(sleeps[2]).toBeGreaterThan(sleeps[0]!);
  });
});

test('a 206 that is longer than its range is an error, and nothing of the excess is kept', async () => {
  const { url } = await serveRaw((socket, head) => {
    const range = /range: bytes=(\d+)-/i.exec(head);
    if (!range) {
      socket.write(`HTTP/1.1 200 OK\r\netag: "v1"\r\ncontent-length: ${content.length}\r\n\r\n`);
      socket.write(content.subarray(0, 1000), () => socket.destroy());
      return;
    }
    const start = Number(range[1]);
    socket.write(
      `HTTP/1.1 206 Partial Content\r\netag: "v1"\r\ncontent-range: bytes ${start}-${content.length - 1}/${content.length}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const body = Buffer.concat([content.subarray(start), Buffer.from('and more')]);
    socket.write(`${body.length.toString(16)}\r\n`);
    socket.write(body);
    socket.write('\r\n0\r\n\r\n');
  });
  const { notices, options } = patient();
  const image = await fetchTo({ url: `${url}/disk`, digest, ...options });
  expect(notices).toContainEqual(expect.stringContaining('sent more than the 399,000 bytes it announced'));
  // The bytes within the range are the right ones, as the digest proves.
  expect(image).toMatchObject({ size: 400_000, outcome: 'downloaded' });
});
