import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import {
  digestOfBytes,
  failureOf,
  fetchTo,
  patient,
  storedPath,
  temporaryDirectory,
} from './support/work.ts';

const content = sampleBytes(3 * 2 ** 20);
const digest = digestOfBytes(content);

test('a download that cannot fit is not begun', async () => {
  const { url } = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': 2 ** 49 }).flushHeaders();
  });
  const error = await failureOf(fetchTo({ url: `${url}/disk`, digest, maxSizeBytes: 2 ** 50 }));
  expect(error).toMatchObject({
    code: 'WORK_DIRECTORY_FULL',
    neededBytes: 2 ** 49,
    freeBytes: expect.any(Number),
    message: expect.stringContaining('562,949,953,421,312 bytes still needed'),
  });
});

/** A filesystem of 1 MiB, where this machine lets us mount one. */
async function smallFilesystem(): Promise<string | undefined> {
  const directory = await temporaryDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', [directory]));
  return directory;
}

describe('a work directory that fills up on the way', () => {
  test('says so, and what was written is kept', async (context) => {
    const directory = (await smallFilesystem()) ?? context.skip('no right to mount a filesystem');
    const { url, requests } = await serve((_request, response) => {
      response.write(content.subarray(0, 100));
      response.end(content.subarray(100));
    });
    const { sleeps, options } = patient();
    const error = await failureOf(fetchTo({ url: `${url}/disk`, digest, directory, ...options }));
    expect(error).toMatchObject({ code: 'WORK_DIRECTORY_FULL', directory, freeBytes: expect.any(Number) });
    expect(requests).toHaveLength(1);
    expect(sleeps).toEqual([]);
    expect((await stat(`${storedPath(directory, content, 'disk')}.partial`)).size).toBeGreaterThan(2 ** 19);
  });

  test('is found out beforehand where the size is announced', async (context) => {
    const directory = (await smallFilesystem()) ?? context.skip('no right to mount a filesystem');
    const { url } = await serve(fileHandler({ content }));
    const error = await failureOf(fetchTo({ url: `${url}/disk`, digest, directory }));
    expect(error).toMatchObject({ code: 'WORK_DIRECTORY_FULL', neededBytes: content.length });
    expect(error.facts.freeBytes).toBeLessThanOrEqual(2 ** 20);
  });
});
