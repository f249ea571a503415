import { readdir } from 'node:fs/promises';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { streamImage } from '@ec2-image/fetch';
import { describe, expect, test } from 'vitest';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { closedPort, serve, serveRaw } from './support/server.ts';
import { catchFailure, digestOfBytes, fetchTo, patient, temporaryDirectory } from './support/work.ts';
import { wrongParts, wrongPartsHandler } from './support/wrong-parts.ts';

const content = sampleBytes(200_000);
const digest = digestOfBytes(content);
/** Of several pieces. */
const large = sampleBytes(24 * 2 ** 20);
const largeDigest = digestOfBytes(large);

describe('answers', () => {
  test.each([
    [404, 'HTTP_NOT_FOUND'],
    [410, 'HTTP_NOT_FOUND'],
    [401, 'HTTP_FORBIDDEN'],
    [403, 'HTTP_FORBIDDEN'],
    [400, 'HTTP_STATUS'],
    [204, 'HTTP_STATUS'],
    [206, 'HTTP_STATUS'],
    [304, 'HTTP_STATUS'],
  ])('%i fails at once', async (status, code) => {
    const { url, requests } = await serve((_request, response) => response.writeHead(status).end());
    const error = await catchFailure(fetchTo({ url: `${url}/disk?key=secret`, digest }));
    expect(error).toMatchObject({
      code,
      status,
      url: `${url}/disk`,
      message: `${url}/disk answered ${status}`,
    });
    expect(requests).toHaveLength(1);
  });

  test.each([408, 429, 500, 502, 503, 504])('%i is tried again', async (status) => {
    const { url, requests } = await serve((request, response) =>
      requests.length < 3
        ? response.writeHead(status).end('busy')
        : fileHandler({ content })(request, response),
    );
    const { sleeps, notices, options } = patient();
    expect(await fetchTo({ url: `${url}/disk`, digest, ...options })).toMatchObject({
      outcome: 'downloaded',
    });
    expect(sleeps).toHaveLength(2);
    expect(notices[0]).toMatch(new RegExp(`answered ${status}; trying again in 1 s`));
  });

  test('a server in trouble for good is given up', async () => {
    const { url, requests } = await serve((_request, response) => response.writeHead(503).end());
    const { sleeps, options } = patient();
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, ...options }));
    expect(error).toMatchObject({ code: 'HTTP_STATUS', status: 503 });
    expect(requests).toHaveLength(5);
    expect(sleeps).toHaveLength(4);
  });

  test.each([
    ['7', 7_000],
    ['1000000', 120_000],
    ['soon', 1_000],
  ])('Retry-After: %s is honoured within reason', async (retryAfter, atMostMs) => {
    const { url, requests } = await serve((request, response) =>
      requests.length === 1
        ? response.writeHead(429, { 'retry-after': retryAfter }).end()
        : fileHandler({ content })(request, response),
    );
    const { sleeps, options } = patient();
    await fetchTo({ url: `${url}/disk`, digest, ...options });
    expect(sleeps).toHaveLength(1);
    expect(sleeps[0]).toBeLessThanOrEqual(atMostMs);
    expect(sleeps[0]).toBeGreaterThan(atMostMs === 1_000 ? 400 : atMostMs - 1_000);
  });
});

describe('redirects', () => {
  test.each([
    ['file:///etc/passwd', 'to a file: URL'],
    ['ftp://127.0.0.1/disk', 'to a ftp: URL'],
    ['http://[', 'to an invalid URL'],
    [undefined, 'without a target'],
  ])('to %s are refused', async (location, what) => {
    const { url, requests } = await serve((_request, response) =>
      response.writeHead(302, location === undefined ? {} : { location }).end(),
    );
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest }));
    expect(error).toMatchObject({ code: 'REDIRECT_REFUSED', message: expect.stringContaining(what) });
    expect(requests).toHaveLength(1);
  });

  test('without end are refused', async () => {
    const { url, requests } = await serve((request, response) =>
      response.writeHead(307, { location: `${request.url}x` }).end('a page about it'.repeat(10_000)),
    );
    expect(await catchFailure(fetchTo({ url: `${url}/disk`, digest }))).toMatchObject({
      code: 'REDIRECT_REFUSED',
    });
    expect(requests).toHaveLength(11);
  });

  test('ten are followed', async () => {
    const { url } = await serve((request, response) =>
      request.url!.length < 11
        ? response.writeHead(301, { location: `${request.url}x` }).end()
        : fileHandler({ content })(request, response),
    );
    const image = await fetchTo({ url: `${url}/`, digest });
    expect(image).toMatchObject({ outcome: 'downloaded', path: expect.stringMatching(/-image$/) });
  });
});

describe('connections', () => {
  test('nobody listens', async () => {
    const { sleeps, options } = patient();
    const url = `http://127.0.0.1:${await closedPort()}/disk`;
    const error = await catchFailure(fetchTo({ url, digest, maxAttempts: 3, ...options }));
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'ECONNREFUSED', url });
    expect(sleeps).toHaveLength(2);
  });

  test('there is no such host', async () => {
    const { sleeps, options } = patient();
    const error = await catchFailure(
      fetchTo({ url: 'http://no-such-host.invalid/disk', digest, maxAttempts: 1, ...options }),
    );
    // Without any network the resolver says EAI_AGAIN, which is worth another try.
    expect(error.code).toBe(error.facts.reason === 'EAI_AGAIN' ? 'CONNECTION_FAILED' : 'HOST_NOT_FOUND');
    expect(sleeps).toEqual([]);
  });

  test('something that does not speak HTTP', async () => {
    const { url } = await serveRaw((socket) => socket.end('220 mail.example.com ESMTP\r\n'));
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, maxAttempts: 1 }));
    expect(error).toMatchObject({
      code: 'CONNECTION_FAILED',
      reason: expect.stringMatching(/HPE_|HTTPParserError/),
    });
  });

  test('headers that never come, a body that stops, a body that drips: given up and tried again', async () => {
    let drip: NodeJS.Timeout | undefined;
    const { url, heads } = await serveRaw((socket, head, count) => {
      const start = Number(/range: bytes=(\d+)-/i.exec(head)?.[1] ?? 0);
      const answer = (body: Buffer) => {
        const status = start > 0 ? '206 Partial Content' : '200 OK';
        socket.write(
          `HTTP/1.1 ${status}\r\netag: "v1"\r\ncontent-length: ${content.length - start}\r\ncontent-range: bytes ${start}-${content.length - 1}/${content.length}\r\n\r\n`,
        );
        socket.write(body);
      };
      if (count === 2) answer(content.subarray(0, 50_000));
      if (count === 3) {
        let at = start;
        answer(Buffer.alloc(0));
        drip = setInterval(() => socket.write(content.subarray(at, ++at)), 10);
        socket.on('close', () => clearInterval(drip));
      }
      if (count === 4) answer(content.subarray(start));
    });
    const { notices, options } = patient();
    const image = await fetchTo({ url: `${url}/disk`, digest, stallTimeoutMs: 150, ...options });
    expect(image).toMatchObject({ outcome: 'downloaded', size: 200_000 });
    expect(heads).toHaveLength(4);
    expect(notices).toHaveLength(3);
    for (const notice of notices) expect(notice).toMatch(/no data from|brings next to nothing/);
    expect(heads[2]).toContain('range: bytes=50000-');
  });

  test('an abort does not wait for a handshake that never comes', async () => {
    const { url } = await serveRaw(() => {});
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 50);
    const began = performance.now();
    const fetching = fetchTo({
      url: `${url.replace('http', 'https')}/disk`,
      digest,
      signal: controller.signal,
    });
    expect(await catchFailure(fetching)).toBe(reason);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('headers that are there twice count once', async () => {
    const { url, heads } = await serveRaw((socket, _head, count) => {
      if (count === 1) socket.write('HTTP/1.1 503 Busy\r\nretry-after: 3\r\nretry-after: 4\r\n\r\n');
      if (count === 2) socket.write('HTTP/1.1 302 Found\r\nlocation: /one\r\nlocation: /two\r\n\r\n');
      if (count < 3) return socket.end();
      socket.write(
        'HTTP/1.1 200 OK\r\netag: "a"\r\netag: "b"\r\nlast-modified: x\r\nlast-modified: y\r\n\r\n',
      );
      return socket.end(content);
    });
    const { sleeps, options } = patient();
    expect(await fetchTo({ url: `${url}/disk`, digest, ...options })).toMatchObject({ size: content.length });
    expect(heads.map((head) => head.split(' ')[1])).toEqual(['/disk', '/disk', '/one']);
    expect(sleeps[0]).toBeGreaterThan(2_900);
    expect(sleeps[0]).toBeLessThanOrEqual(3_000);
  });

  test('a server that never gets going is given up', async () => {
    const { url, requests } = await serve(() => {});
    const error = await catchFailure(
      fetchTo({ url: `${url}/disk`, digest, stallTimeoutMs: 60, maxAttempts: 2 }),
    );
    expect(error).toMatchObject({ code: 'DOWNLOAD_STALLED' });
    expect(requests).toHaveLength(2);
  });
});

describe('bodies', () => {
  test('one that never ends is cut off at the largest size allowed', async () => {
    const { url } = await serve((_request, response) => {
      const chunk = Buffer.alloc(65_536);
      const more = () => {
        while (response.write(chunk));
        response.once('drain', more);
      };
      more();
    });
    const directory = await temporaryDirectory();
    const error = await catchFailure(
      fetchTo({ url: `${url}/disk`, digest, directory, maxSizeBytes: 1_000_000 }),
    );
    expect(error).toMatchObject({ code: 'IMAGE_TOO_LARGE', maxSizeBytes: 1_000_000 });
    expect((await readdir(directory)).filter((name) => !name.endsWith('.lock'))).toEqual([]);
  });

  test('one that is announced too large is not begun', async () => {
    const { url, requests } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 2 ** 40 }).flushHeaders();
    });
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest }));
    expect(error).toMatchObject({ code: 'IMAGE_TOO_LARGE', sizeBytes: 2 ** 40, maxSizeBytes: 64 * 2 ** 30 });
    expect(requests).toHaveLength(1);
  });

  test('what follows the announced length is not part of it', async () => {
    const { url } = await serveRaw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${content.length}\r\n\r\n`);
      socket.write(Buffer.concat([content, Buffer.from('HTTP/1.1 200 OK\r\n\r\nand more')]));
    });
    expect(await fetchTo({ url: `${url}/disk`, digest })).toMatchObject({ size: content.length });
  });

  test('one that the server encodes although it was asked not to is taken as it is, and told by its digest', async () => {
    const gzip = Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), content]);
    const { url } = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzip),
    );
    expect(await fetchTo({ url: `${url}/disk.raw.gz`, digest: digestOfBytes(gzip) })).toMatchObject({
      size: gzip.length,
    });
    const error = await catchFailure(fetchTo({ url: `${url}/disk.raw`, digest }));
    expect(error).toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining('compressed with gzip'),
    });
  });

  test('a web page in the place of the image', async () => {
    const page = '\n<!DOCTYPE html><html><body>Please log in</body></html>';
    const { url, requests } = await serve((_request, response) => response.end(page));
    const directory = await temporaryDirectory();
    const error = await catchFailure(
      fetchTo({ url: `${url}/disk.qcow2`, digest, directory, checksumUrl: 'https://host/CHECKSUM' }),
    );
    expect(error).toMatchObject({
      code: 'DIGEST_MISMATCH',
      expected: digest,
      actual: digestOfBytes(page),
      urls: [`${url}/disk.qcow2`, `${url}/disk.qcow2`],
      checksumUrl: 'https://host/CHECKSUM',
      message: `${url}/disk.qcow2 returned ${digestOfBytes(page)}, but https://host/CHECKSUM lists ${digest}: it is a web page, not an image`,
    });
    expect(requests).toHaveLength(2);
    expect((await readdir(directory)).filter((name) => !name.endsWith('.lock'))).toEqual([]);
  });
});

describe('requests for a part', () => {
  test.each([400, 403, 405, 501])('are refused with %i, and the whole file is served', async (status) => {
    const { url, requests } = await serve((request, response) =>
      request.headers.range === undefined
        ? fileHandler({ content, ranges: false })(request, response)
        : response.writeHead(status).end(),
    );
    const { notices, options } = patient();
    const image = await fetchTo({ url: `${url}/disk`, digest, connections: 4, ...options });
    expect(image).toMatchObject({ outcome: 'downloaded' });
    expect(notices).toEqual([
      `${url}/disk answered ${status} to a request for a part of the file; downloading all of it over one connection`,
    ]);
    expect(requests).toHaveLength(2);
    expect(await streamImage({ url: `${url}/disk`, digest })).toBeUndefined();
  });

  const whole = (size: number) => `bytes 0-${size - 1}/${size}`;
  const sendAll = (response: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}) =>
    response.writeHead(status, { 'content-length': content.length, ...headers }).end(content);

  test.each<[string, (response: ServerResponse, range?: string) => unknown]>([
    ['416', (response, range) => (range ? response.writeHead(416).end() : sendAll(response, 200))],
    ['206 without its range', (response, range) => sendAll(response, range ? 206 : 200)],
    ['206 for the whole', (response) => sendAll(response, 206, { 'content-range': whole(content.length) })],
  ])('are answered with %s: the whole file is downloaded', async (_, answer) => {
    const { url, requests } = await serve((request, response) => answer(response, request.headers.range));
    const { options, sleeps } = patient();
    const image = await fetchTo({ url: `${url}/disk`, digest, connections: 4, ...options });
    expect(image).toMatchObject({ outcome: 'downloaded', size: content.length });
    expect(requests.length).toBeLessThanOrEqual(2);
    expect(await streamImage({ url: `${url}/disk`, digest, ...options })).toBeUndefined();
    expect(sleeps).toEqual([]);
  });

  test('are not made, and a part comes: the error says so', async () => {
    const { url } = await serve((_, response) =>
      response
        .writeHead(206, { 'content-range': `bytes 0-9/${content.length}` })
        .end(content.subarray(0, 10)),
    );
    expect(await catchFailure(fetchTo({ url: `${url}/disk`, digest }))).toMatchObject({
      code: 'HTTP_STATUS',
      hint: expect.stringContaining('sends a part of the file'),
    });
  });

  test.each(wrongParts)('are served but once, the next is answered with %s', async (_, answers) => {
    const { url } = await serve(wrongPartsHandler({ content: large, ...answers }));
    const { options, notices, sleeps } = patient();
    const image = await fetchTo({ url: `${url}/disk`, digest: largeDigest, connections: 3, ...options });
    expect(image).toMatchObject({ outcome: 'downloaded', size: large.length });
    expect(notices.at(-1)).toMatch(/^starting over: .* sends the whole file again$/);
    expect(sleeps).toEqual([]);
  });

  test('refused as everything is', async () => {
    const { url, requests } = await serve((_request, response) => response.writeHead(403).end());
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, connections: 4 }));
    expect(error).toMatchObject({ code: 'HTTP_FORBIDDEN', message: `${url}/disk answered 403` });
    expect(requests).toHaveLength(2);
  });

  test.each([400, 403, 404])(
    'to a signed URL that expires (%i): the first URL is asked for another',
    async (status) => {
      let signature = 1;
      let served = 0;
      const { url, requests } = await serve((request, response) => {
        const { pathname, searchParams } = new URL(request.url ?? '', 'http://host');
        if (pathname === '/latest') {
          response.writeHead(302, { location: `/signed/disk?signature=${signature}` }).end();
        } else if (searchParams.get('signature') !== String(signature)) response.writeHead(status).end();
        else {
          fileHandler({ content: large })(request, response);
          if (++served === 2) signature = 2;
        }
      });
      const { notices, options } = patient();
      const image = await fetchTo({ url: `${url}/latest`, digest: largeDigest, connections: 3, ...options });
      expect(image).toMatchObject({ outcome: 'downloaded', bytesTransferred: large.length });
      expect(notices).toEqual([]);
      expect(requests.filter(({ path }) => path === '/latest').length).toBeGreaterThan(1);
    },
  );
});

describe('an answer that never comes', () => {
  const stalling = { maxAttempts: 1, stallTimeoutMs: 300 };

  test.each([
    ['after 1xx answers for ever', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'],
    ['behind headers that drip', 'x'],
  ])('%s', async (_, bytes) => {
    const { url } = await serveRaw((socket) => {
      if (bytes === 'x') socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
      const more = setInterval(() => socket.write(bytes), 20);
      socket.on('close', () => clearInterval(more));
    });
    const started = performance.now();
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, ...stalling }));
    expect(error).toMatchObject({ code: 'DOWNLOAD_STALLED' });
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
