import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
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

const content = sampleBytes(3 * 2 ** 20);
const digest = digestOfBytes(content);

test('a download that cannot fit is not begun', async () => {
  const { url } = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': 2 ** 49 }).flushHeaders();
  });
  const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, maxSizeBytes: 2 ** 50 }));
  expect(error).toMatchObject({
    code: 'WORK_DIRECTORY_FULL',
    neededBytes: 2 ** 49,
    freeBytes: expect.any(Number),
    message: expect.stringContaining('512 TiB still needed'),
  });
});

/** A filesystem of 1 MiB, where this machine lets us mount one. */
async function smallFilesystem(options = 'size=1m'): Promise<string | undefined> {
  const directory = await temporaryDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', [directory]));
  return directory;
}

test.for([
  ['size=1m,ro', 'WORK_DIRECTORY_READ_ONLY', /^cannot write to the work directory/],
  ['size=1m,nr_inodes=1', 'WORK_DIRECTORY_FULL', /^no inode left in the work directory/],
] as const)(
  'a work directory mounted with %s has a code of its own',
  async ([options, code, message], context) => {
    const directory = (await smallFilesystem(options)) ?? context.skip('no right to mount a filesystem');
    const { url, requests } = await serve(fileHandler({ content }));
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, directory }));
    expect(error).toMatchObject({ code, directory, message: expect.stringMatching(message) });
    expect(error.message).toContain(directory);
    expect(requests).toHaveLength(0);
  },
);

describe('a work directory that fills up on the way', () => {
  test('says so, and what was written is kept', async (context) => {
    const directory = (await smallFilesystem()) ?? context.skip('no right to mount a filesystem');
    const { url, requests } = await serve((_request, response) => {
      response.write(content.subarray(0, 100));
      response.end(content.subarray(100));
    });
    const { sleeps, options } = patient();
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, directory, ...options }));
    expect(error).toMatchObject({ code: 'WORK_DIRECTORY_FULL', directory, freeBytes: expect.any(Number) });
    expect(requests).toHaveLength(1);
    expect(sleeps).toEqual([]);
    expect((await stat(`${storedPath(directory, content, 'disk')}.partial`)).size).toBeGreaterThan(2 ** 19);
  });

  test('is found out beforehand where the size is announced', async (context) => {
    const directory = (await smallFilesystem()) ?? context.skip('no right to mount a filesystem');
    const { url } = await serve(fileHandler({ content }));
    const error = await catchFailure(fetchTo({ url: `${url}/disk`, digest, directory }));
    expect(error).toMatchObject({ code: 'WORK_DIRECTORY_FULL', neededBytes: content.length });
    expect(error.facts.freeBytes).toBeLessThanOrEqual(2 ** 20);
  });
});
