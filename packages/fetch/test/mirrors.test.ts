import { describe, expect, test } from 'vitest';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { catchFailure, digestOfBytes, fetchTo, patient } from './support/work.ts';

const content = sampleBytes(200_000);
const digest = digestOfBytes(content);
const refusing = (status: number) => serve((_request, response) => response.writeHead(status).end());

describe('several URLs', () => {
  test('the next one is asked at once where one refuses, and where one is in trouble', async () => {
    const [gone, ill, good] = [
      await refusing(404),
      await refusing(500),
      await serve(fileHandler({ content })),
    ];
    const { sleeps, notices, options } = patient();
    const urls = [gone, ill, good].map(({ url }) => `${url}/disk`);
    expect(await fetchTo({ url: urls, digest, ...options })).toMatchObject({ outcome: 'downloaded' });
    expect(sleeps).toEqual([]);
    expect(notices).toEqual([
      `${urls[0]} answered 404; trying ${urls[1]}`,
      `${urls[1]} answered 500; trying ${urls[2]}`,
    ]);
  });

  test('the download resumes from the next one', async () => {
    const broken = await serve((request, response) =>
      request.headers.range
        ? response.writeHead(500).end()
        : fileHandler({ content, dropAfter: 120_000 })(request, response),
    );
    const good = await serve(fileHandler({ content, etag: '"another"' }));
    const image = await fetchTo({ url: [`${broken.url}/disk`, `${good.url}/disk`], digest });
    expect(image).toMatchObject({ outcome: 'downloaded', bytesTransferred: 200_000 });
    expect(broken.requests).toHaveLength(2);
    expect(good.requests.map(({ headers }) => headers.range)).toEqual(['bytes=120000-']);
  });

  test('what each of them answered is named where none works', async () => {
    const [gone, denied] = [await refusing(404), await refusing(403)];
    const error = await catchFailure(
      fetchTo({
        url: [`${gone.url}/disk?token=secret`, `${denied.url.replace('//', '//me:secret@')}/disk`],
        digest,
      }),
    );
    expect(error).toMatchObject({
      code: 'EVERY_URL_FAILED',
      failures: [
        { url: `${gone.url}/disk`, code: 'HTTP_NOT_FOUND', message: `${gone.url}/disk answered 404` },
        { url: `${denied.url}/disk`, code: 'HTTP_FORBIDDEN', message: `${denied.url}/disk answered 403` },
      ],
    });
    expect(error.message).toContain('answered 404');
    expect(error.message).toContain('answered 403');
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  test('each has its own attempts, and a pause comes only when all have failed', async () => {
    const [one, two] = [await refusing(500), await refusing(503)];
    const { sleeps, options } = patient();
    const error = await catchFailure(
      fetchTo({
        url: [`${one.url}/disk`, `${two.url}/disk`],
        digest,
        maxAttempts: 3,
        ...options,
        now: () => 0,
      }),
    );
    expect(error.code).toBe('EVERY_URL_FAILED');
    expect([one.requests.length, two.requests.length]).toEqual([3, 3]);
    expect(sleeps).toHaveLength(4);
  });
});

describe('a wrong digest', () => {
  const wrong = sampleBytes(200_000, 8);

  test('is downloaded again, from the next mirror', async () => {
    const [stale, good] = [
      await serve(fileHandler({ content: wrong })),
      await serve(fileHandler({ content })),
    ];
    const image = await fetchTo({ url: [`${stale.url}/disk`, `${good.url}/disk`], digest });
    expect(image).toMatchObject({ outcome: 'downloaded', bytesTransferred: 400_000 });
    expect([stale.requests.length, good.requests.length]).toEqual([1, 1]);
  });

  test('of a transfer that went wrong once is downloaded again, from the same server, over one connection', async () => {
    const damaged = Buffer.from(content);
    damaged[1]! ^= 128;
    const { url, requests } = await serve(
      fileHandler((count) => ({ content: count === 1 ? damaged : content })),
    );
    expect(await fetchTo({ url: `${url}/disk`, digest, connections: 4 })).toMatchObject({ size: 200_000 });
    expect(requests.at(-1)!.headers).not.toHaveProperty('range');
  });

  test.each([
    ['the same bytes twice', () => wrong, 'incomplete or corrupt, or the checksum is for another build'],
    [
      'a truncated file',
      () => content.subarray(0, 150_000),
      'returned the same 150,000 bytes: the file on the server is incomplete',
    ],
    ['other bytes each time', (count: number) => sampleBytes(1000, count), 'differ from each other'],
    ['nothing', () => Buffer.alloc(0), 'the file is empty'],
  ])('twice ends it: %s', async (_, bytesOf, cause) => {
    const { url, requests } = await serve(fileHandler((count) => ({ content: bytesOf(count) })));
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest }));
    expect(error).toMatchObject({
      code: 'DIGEST_MISMATCH',
      expected: digest,
      actual: digestOfBytes(bytesOf(2)),
      message: expect.stringContaining(cause),
    });
    expect(requests).toHaveLength(2);
  });
});
