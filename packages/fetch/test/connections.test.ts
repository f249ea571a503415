import { readFile } from 'node:fs/promises';
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

const mebibyte = 2 ** 20;
const content = sampleBytes(12 * mebibyte + 123);
const digest = digestOfBytes(content);

const rangeOf = (header: string | undefined) => {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  return match && { start: Number(match[1]), end: match[2] ? Number(match[2]) + 1 : content.length };
};

describe('several connections', () => {
  test('bring every byte once, and the hash follows in order', async () => {
    const { url, requests } = await serve((request, response) => {
      // Nothing is answered in full before all four are there.
      const finish = async () => {
        if (requests.length < 4) await fourAreThere;
        else arrived();
        fileHandler({ content })(request, response);
      };
      if (requests.length > 1) return finish();
      const { end } = rangeOf(request.headers.range)!;
      response.writeHead(206, {
        etag: '"v1"',
        'content-range': `bytes 0-${end - 1}/${content.length}`,
        'content-length': end,
      });
      response.flushHeaders();
      return fourAreThere.then(() => response.end(content.subarray(0, end)));
    });
    const { promise: fourAreThere, resolve: arrived } = Promise.withResolvers<void>();
    const image = await fetchTo({ url: `${url}/disk`, digest, connections: 4 });
    expect(image).toMatchObject({
      outcome: 'downloaded',
      size: content.length,
      bytesTransferred: content.length,
    });
    expect(content.equals(await readFile(image.path))).toBe(true);
    const asked = requests.map(({ headers }) => rangeOf(headers.range)!).sort((a, b) => a.start - b.start);
    for (const [index, { start }] of asked.entries()) expect(start).toBe(asked[index - 1]?.end ?? 0);
  });

  test('a server without ranges sends it all over one', async () => {
    const { url, requests } = await serve(fileHandler({ content, ranges: false }));
    expect(await fetchTo({ url: `${url}/disk`, digest, connections: 4 })).toMatchObject({
      size: content.length,
    });
    expect(requests).toHaveLength(1);
  });

  test('a server that vouches for nothing is asked for ranges all the same, as they come at once', async () => {
    const { url, requests } = await serve(fileHandler({ content, etag: null }));
    const image = await fetchTo({ url: `${url}/disk`, digest, connections: 4 });
    expect(image).toMatchObject({ bytesTransferred: content.length });
    expect(requests.length).toBeGreaterThan(4);
  });

  test('a server that breaks every connection after a byte is not run down', async () => {
    const { url, requests } = await serve(
      fileHandler((count) => ({ content, ...(count > 1 && { dropAfter: 1 }) })),
    );
    const { sleeps, options } = patient();
    const fetching = fetchTo({ url: `${url}/disk`, digest, connections: 4, maxAttempts: 3, ...options });
    expect(await catchFailure(fetching)).toMatchObject({ code: 'BODY_TRUNCATED' });
    expect(sleeps).toHaveLength(2);
    expect(requests.length).toBeLessThan(20);
  });

  test('an empty file, which has no range', async () => {
    const { url } = await serve(fileHandler({ content: Buffer.alloc(0) }));
    expect(await fetchTo({ url: `${url}/x`, digest: digestOfBytes(''), connections: 4 })).toMatchObject({
      size: 0,
    });
  });

  test('a server that grants only two is content with two', async () => {
    let open = 0;
    let refusals = 0;
    const { promise: twoAreRefused, resolve: refused } = Promise.withResolvers<void>();
    const { url } = await serve(async (request, response) => {
      if (open >= 2) {
        response.writeHead(503).end();
        return void (++refusals === 2 && refused());
      }
      open++;
      response.on('close', () => open--);
      const { start, end } = rangeOf(request.headers.range)!;
      const range = `bytes ${start}-${end - 1}/${content.length}`;
      response.writeHead(206, { etag: '"v1"', 'content-range': range, 'content-length': end - start });
      response.flushHeaders();
      await twoAreRefused;
      response.end(content.subarray(start, end));
    });
    const { sleeps, notices, options } = patient();
    const image = await fetchTo({ url: `${url}/disk`, digest, connections: 4, ...options });
    expect(image).toMatchObject({ bytesTransferred: content.length });
    expect(sleeps).toEqual([]);
    expect(notices).toContainEqual(
      expect.stringContaining('answered 503; continuing over 2 of 4 connections'),
    );
  });

  test('connections that break go on elsewhere', async () => {
    const { url } = await serve(
      fileHandler((count) => ({ content, ...(count % 3 === 1 && { dropAfter: 300_000 }) })),
    );
    expect(await fetchTo({ url: `${url}/disk`, digest, connections: 3 })).toMatchObject({
      outcome: 'downloaded',
      bytesTransferred: content.length,
    });
  });

  test('a file that is replaced under them is fetched again', async () => {
    const changed = sampleBytes(content.length, 5);
    const { url } = await serve(
      fileHandler((count) => (count < 3 ? { content: changed, etag: '"old"' } : { content })),
    );
    const { notices, options } = patient();
    const image = await fetchTo({ url: `${url}/disk`, digest, connections: 3, ...options });
    expect(content.equals(await readFile(image.path))).toBe(true);
    expect(notices).toContainEqual(expect.stringContaining('changed during the download'));
  });

  test('what they left with gaps is completed by a later run, over one', async () => {
    const directory = await temporaryDirectory();
    let isBroken = true;
    const { url, requests } = await serve((request, response) => {
      const range = rangeOf(request.headers.range)!;
      // The first pieces never finish, later ones do.
      const dropAfter = isBroken && range.start < 4 * mebibyte ? 500_000 : undefined;
      if (isBroken && range.start % mebibyte !== 0 && range.start < 4 * mebibyte) return response.destroy();
      fileHandler({ content, dropAfter })(request, response);
    });
    const options = { url: `${url}/disk`, digest, directory };
    await catchFailure(fetchTo({ ...options, connections: 4, maxAttempts: 1 }));
    const journal = await readFile(`${storedPath(directory, content, 'disk')}.partial.journal`, 'utf8');
    isBroken = false;
    requests.length = 0;
    const image = await fetchTo(options);
    expect(image.outcome).toBe('resumed');
    expect(content.equals(await readFile(image.path))).toBe(true);
    const kept = journal.split('\n').flatMap((line) => {
      const [start, end] = line.split(' ').map(Number);
      return Number.isInteger(end) ? [end! - start!] : [];
    });
    expect(image.bytesTransferred).toBe(content.length - kept.reduce((sum, length) => sum + length, 0));
    expect(requests.length).toBeGreaterThan(1);
  });
});
