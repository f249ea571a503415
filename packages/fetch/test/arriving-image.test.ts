import { open, readFile } from 'node:fs/promises';
import type { ArrivingImage } from '@ec2-image/fetch';
import { describe, expect, test } from 'vitest';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { catchFailure, digestOfBytes, fetchTo, patient } from './support/work.ts';

const mebibyte = 2 ** 20;
const content = sampleBytes(12 * mebibyte + 123);
const digest = digestOfBytes(content);
const tail = { offset: content.length - 65_536, length: 65_536 };

async function read({ path }: ArrivingImage, { offset, length }: typeof tail): Promise<Buffer> {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer;
}

describe('an image that is arriving', () => {
  test.for([1, 4])('is read out of turn where a reader hurries, over %i connections', async (connections) => {
    const { promise: tailWasRead, resolve: readTail } = Promise.withResolvers<void>();
    const { url, requests } = await serve((request, response) => {
      const isTail = request.headers.range?.startsWith(`bytes=${tail.offset}-`);
      // Everything else stops after its first bytes until the reader has the tail.
      if (isTail) return fileHandler({ content })(request, response);
      const { end } = response;
      response.end = ((body: Buffer) => {
        response.write(body.subarray(0, mebibyte / 2));
        void tailWasRead.then(() => Reflect.apply(end, response, [body.subarray(mebibyte / 2)]));
        return response;
      }) as typeof end;
      return fileHandler({ content })(request, response);
    });
    const reading = Promise.withResolvers<Buffer>();
    const onArriving = async (image: ArrivingImage) => {
      expect(image.size).toBe(content.length);
      await image.arrived({ offset: 0, length: 4096 });
      image.hurry(tail);
      await image.arrived(tail);
      reading.resolve(await read(image, tail));
      readTail();
    };
    const fetching = fetchTo({
      url: `${url}/disk`,
      digest,
      connections,
      onArriving: (i) => void onArriving(i),
    });
    expect((await reading.promise).equals(content.subarray(tail.offset))).toBe(true);
    const image = await fetching;
    expect(content.equals(await readFile(image.path))).toBe(true);
    expect(requests.length).toBeGreaterThanOrEqual(connections === 1 ? 2 : connections + 1);
  });

  test('comes in its turn where the server takes no ranges', async () => {
    const { url, requests } = await serve(fileHandler({ content, ranges: false }));
    let tailOf: Promise<Buffer> | undefined;
    await fetchTo({
      url: `${url}/disk`,
      digest,
      onArriving(image) {
        image.hurry(tail);
        tailOf = image
          .arrived(tail)
          .then(() => read(image, tail))
          .catch(() => Buffer.alloc(0));
      },
    });
    // By then the file may have its name.
    expect([0, tail.length]).toContain((await tailOf)!.length);
    expect(requests).toHaveLength(1);
  });

  test('is discarded where its digest is wrong, and arrives again', async () => {
    const wrong = Buffer.from(content);
    wrong[5 * mebibyte]! ^= 1;
    const { url } = await serve(fileHandler((count) => ({ content: count === 1 ? wrong : content })));
    const images: ArrivingImage[] = [];
    const { options } = patient();
    await fetchTo({ url: `${url}/disk`, digest, ...options, onArriving: (image) => void images.push(image) });
    expect(images.map(({ discarded }) => discarded.aborted)).toEqual([true, false]);
    await expect(images[0]!.arrived(tail)).rejects.toThrow('discarded');
    await images[1]!.arrived(tail);
  });

  test('that breaks off for good is told to whoever waits for the rest', async () => {
    const { url } = await serve(fileHandler({ content, dropAfter: 2 * mebibyte }));
    let waiting: Promise<void> | undefined;
    const failure = await catchFailure(
      fetchTo({
        url: `${url}/disk`,
        digest,
        maxAttempts: 1,
        onArriving(image) {
          waiting = image.arrived(tail);
          waiting.catch(() => {});
        },
      }),
    );
    expect(failure.code).toBe('BODY_TRUNCATED');
    await expect(waiting).rejects.toThrow('the download has ended');
  });
});
