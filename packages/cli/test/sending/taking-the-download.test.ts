import { expect, test, vi } from 'vitest';
import { beginEarlyDownload } from '../../src/pipeline/early-download.ts';
import type { StartedImage } from '../../src/pipeline/started-image.ts';

test('of several that ask for the early download at a time, one has it', async () => {
  const dispose = vi.fn(async () => {});
  const file: StartedImage = {
    arriving: Promise.resolve(undefined),
    finished: new Promise(() => {}),
    [Symbol.asyncDispose]: dispose,
  };
  const download = beginEarlyDownload(async () => ({ file }));
  const { signal } = new AbortController();
  const taken = await Promise.all([
    download.takeStream(signal),
    download.takeFile(signal),
    download.takeFile(signal),
  ]);
  expect(taken).toEqual([{ stream: undefined }, file, undefined]);
  await download[Symbol.asyncDispose]();
  expect(dispose).not.toHaveBeenCalled();
});
