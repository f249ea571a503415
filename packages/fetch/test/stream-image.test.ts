import { type StreamImageOptions, streamImage } from '@ec2-image/fetch';
import { describe, expect, test } from 'vitest';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { digestOfBytes, patient } from './support/work.ts';
import { wrongParts, wrongPartsHandler } from './support/wrong-parts.ts';

const content = sampleBytes(6_000_000);
const digest = digestOfBytes(content);

async function streamed(options: Omit<StreamImageOptions, 'digest'> & Partial<StreamImageOptions>) {
  await using stream = await streamImage({ digest, sleep: async () => {}, ...options });
  const chunks: Buffer[] = [];
  for await (const chunk of stream!.chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('an image that is streamed', () => {
  test('comes whole and in order, over one connection', async () => {
    const { url, requests } = await serve(fileHandler({ content }));
    expect((await streamed({ url: `${url}/disk` })).equals(content)).toBe(true);
    expect(requests).toHaveLength(2);
  });

  test('resumes where a connection broke, held to the ETag', async () => {
    const { url, requests } = await serve(fileHandler({ content, dropAfter: 1_500_000 }));
    const { options, notices } = patient();
    expect((await streamed({ url: `${url}/disk`, ...options })).equals(content)).toBe(true);
    expect(requests.length).toBeGreaterThan(4);
    expect(requests[1]?.headers.range).toBeUndefined();
    expect(requests.slice(2).every(({ headers }) => headers['if-range'] === '"v1"')).toBe(true);
    expect(notices.join()).toMatch(/lost after/);
  });

  test('resumes from another mirror of the same size', async () => {
    let dead = false;
    const good = await serve(fileHandler({ content, etag: '"other"' }));
    const broken = await serve((request, response) => {
      if (dead) return void request.socket.destroy();
      dead = request.headers.range !== 'bytes=0-65535';
      fileHandler({ content, dropAfter: 2_000_000 })(request, response);
    });
    const url = [`${broken.url}/disk`, `${good.url}/disk`];
    expect((await streamed({ url })).equals(content)).toBe(true);
    expect(good.requests.at(-1)?.headers.range).toMatch(/^bytes=[1-9]/);
  });

  test('never ends when the digest is another', async () => {
    const { url } = await serve(fileHandler({ content: Buffer.concat([content, Buffer.from('x')]) }));
    await using stream = (await streamImage({ url: `${url}/disk`, digest }))!;
    let received = 0;
    const reading = (async () => {
      for await (const chunk of stream.chunks()) received += chunk.length;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(received).toBeLessThanOrEqual(content.length + 1);
  });

  test('is given up at once when a file of another size is there', async () => {
    const { url, requests } = await serve(
      fileHandler((count) => ({ content: count < 3 ? content : content.subarray(1), dropAfter: 1_000_000 })),
    );
    const { options, sleeps } = patient();
    await expect(streamed({ url: `${url}/disk`, ...options })).rejects.toMatchObject({
      code: 'FILE_CHANGED',
    });
    expect(requests).toHaveLength(4);
    expect(sleeps).toHaveLength(1);
  });

  test('is not taken for complete when another file of the same size is there', async () => {
    const other = sampleBytes(content.length, 2);
    const { url } = await serve(
      fileHandler((count) =>
        count < 3 ? { content, dropAfter: 1_000_000 } : { content: other, etag: '"v2"' },
      ),
    );
    const { options } = patient();
    await expect(streamed({ url: `${url}/disk`, ...options })).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
  });

  test('can be read from the front again, and at any place', async () => {
    const { url } = await serve(fileHandler({ content }));
    await using stream = (await streamImage({ url: `${url}/disk`, digest }))!;
    expect(stream.size).toBe(content.length);
    expect((await stream.read(5_999_990, 100)).equals(content.subarray(5_999_990))).toBe(true);
    expect((await stream.read(100, 50)).equals(content.subarray(100, 150))).toBe(true);
    for await (const chunk of stream.chunks()) {
      expect(chunk.equals(content.subarray(0, chunk.length))).toBe(true);
      break;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of stream.chunks()) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });

  test('ends with the reason of an abort, from before the first byte to the last', async () => {
    const { url } = await serve(fileHandler({ content }));
    const abort = new AbortController();
    await using stream = (await streamImage({ url: `${url}/disk`, digest, signal: abort.signal }))!;
    const reading = (async () => {
      for await (const _ of stream.chunks()) abort.abort();
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test.each([['that takes no ranges', { content, ranges: false }]])(
  'a server %s is not streamed from',
  async (_, file) => {
    const { url } = await serve(fileHandler(file));
    expect(await streamImage({ url: `${url}/disk`, digest })).toBeUndefined();
  },
);

test('a local file is not streamed, and what is not there is an error', async () => {
  expect(await streamImage({ url: '/dev/null', digest })).toBeUndefined();
  const { url } = await serve((_, response) => void response.writeHead(404).end());
  await expect(streamImage({ url, digest })).rejects.toMatchObject({ code: 'HTTP_NOT_FOUND' });
  const large = await serve(fileHandler({ content }));
  await expect(streamImage({ url: large.url, digest, maxSizeBytes: 1000 })).rejects.toMatchObject({
    code: 'IMAGE_TOO_LARGE',
  });
});

describe.each(wrongParts)('a server that answers the second request for a part with %s', (_, answers) => {
  test('does not serve that part, which is known at once', async () => {
    const { url, requests } = await serve(wrongPartsHandler({ content, ...answers }));
    const { options, sleeps } = patient();
    await using stream = (await streamImage({ url: `${url}/disk`, digest, ...options }))!;
    await expect(stream.read(content.length - 12, 12)).rejects.toMatchObject({
      code: 'RANGE_UNUSABLE',
      message: expect.stringContaining(`${url}/disk does not serve a part of the file: `),
    });
    expect(requests).toHaveLength(2);
    expect(sleeps).toEqual([]);
  });

  test('is asked for the whole file where a connection broke', async () => {
    const { url, requests } = await serve(
      wrongPartsHandler({ content, ...answers, dropFirstAfter: 2_500_000 }),
    );
    const { options, sleeps } = patient();
    expect((await streamed({ url: `${url}/disk`, ...options })).equals(content)).toBe(true);
    expect(requests.length).toBeLessThanOrEqual(4);
    expect(sleeps).toHaveLength(1);
  });
});

test.each([503, 429])('a part that is answered with %i is requested again', async (status) => {
  const { url, requests } = await serve((request, response) =>
    requests.length === 2 ? response.writeHead(status).end() : fileHandler({ content })(request, response),
  );
  const { options, sleeps } = patient();
  await using stream = (await streamImage({ url: `${url}/disk`, digest, ...options }))!;
  expect((await stream.read(content.length - 12, 12)).equals(content.subarray(-12))).toBe(true);
  expect(sleeps).toHaveLength(1);
});
