import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fetchInChild } from './support/child.ts';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { digestOfBytes, fetchTo, patient, temporaryDirectory } from './support/work.ts';

const mebibyte = 2 ** 20;
const content = sampleBytes(8 * mebibyte);
const digest = digestOfBytes(content);

/** Serves the file with ranges, bit by bit, and nothing from `holdAt` on: there is always time to be killed. */
async function slowServer() {
  const state = { bytesPerTick: 64 * 1024, holdAt: content.length, sent: 0 };
  const server = await serve((request, response) => {
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    let at = Number(match?.[1] ?? 0);
    const end = match?.[2] ? Number(match[2]) + 1 : content.length;
    response.writeHead(match ? 206 : 200, {
      etag: '"v1"',
      'content-length': end - at,
      ...(match && { 'content-range': `bytes ${at}-${end - 1}/${content.length}` }),
    });
    const tick = setInterval(() => {
      const chunk = content.subarray(at, Math.max(at, Math.min(end, at + state.bytesPerTick, state.holdAt)));
      at += chunk.length;
      state.sent += chunk.length;
      if (response.destroyed || at >= end) clearInterval(tick);
      if (at >= end) response.end(chunk);
      else response.write(chunk);
    }, 5);
    response.on('close', () => clearInterval(tick));
  });
  return { ...server, state };
}

/** What one killed process had received and not yet written down, and what was on its way to it. */
const inFlight = 2 * mebibyte;

test.each([1, 3])(
  'a process killed again and again: nothing that was there is fetched twice (%i connections)',
  async (connections) => {
    const { url, requests, state } = await slowServer();
    const directory = await temporaryDirectory();
    const options = { url: `${url}/disk`, digest, directory, connections };
    const kills = [1.5, 3.5, 5.5].map((count) => count * mebibyte);
    for (const killAt of kills) {
      state.holdAt = killAt + mebibyte;
      const child = fetchInChild(options);
      await child.until((event) => (event.done ?? 0) >= killAt);
      await child.kill();
      const names = await readdir(directory);
      expect(names).toContainEqual(expect.stringMatching(/\.partial$/));
      expect(names).not.toContainEqual(expect.stringMatching(/-disk$/));
    }
    const beforeLast = { sent: state.sent, requests: requests.length };
    Object.assign(state, { bytesPerTick: mebibyte, holdAt: content.length });
    const { notices, options: quick } = patient();
    const image = await fetchTo({ ...options, ...quick });
    expect(image.outcome).toBe('resumed');
    expect(content.equals(await readFile(image.path))).toBe(true);
    expect(notices).toEqual([expect.stringMatching(/^resuming download at [\d.]+ (KiB|MiB)$/)]);
    expect(image.bytesTransferred).toBeLessThanOrEqual(content.length - kills.at(-1)!);
    expect(state.sent - beforeLast.sent).toBe(image.bytesTransferred);
    expect(state.sent).toBeLessThanOrEqual(content.length + kills.length * inFlight);
    const starts = requests.map(({ headers }) => Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0));
    if (connections === 1)
      for (const [index, killAt] of kills.entries()) expect(starts[index + 1]).toBeGreaterThanOrEqual(killAt);
  },
);

test('two processes on one directory: one downloads, the other waits and uses it', async () => {
  const { url, requests } = await serve(fileHandler({ content }));
  const options = { url: `${url}/disk`, digest, directory: await temporaryDirectory() };
  const children = [fetchInChild(options), fetchInChild(options)];
  const events = await Promise.all(children.map((child) => child.until(({ image }) => image !== undefined)));
  expect(events.map(({ image }) => image!.outcome).sort()).toEqual(['downloaded', 'reused']);
  expect(requests).toHaveLength(1);
});

test('the one that waits resumes where a killed one stopped', async () => {
  const { url, requests, state } = await slowServer();
  const options = { url: `${url}/disk`, digest, directory: await temporaryDirectory() };
  state.holdAt = 2 * mebibyte;
  const first = fetchInChild(options);
  await first.until((event) => (event.done ?? 0) >= mebibyte);
  const second = fetchInChild(options);
  await second.until(({ notice }) => notice?.startsWith('waiting for another run') ?? false);
  expect(requests).toHaveLength(1);
  Object.assign(state, { bytesPerTick: mebibyte, holdAt: content.length });
  await first.kill();
  const { image } = await second.until((event) => event.image !== undefined);
  expect(image).toMatchObject({ outcome: 'resumed' });
  expect(image!.bytesTransferred).toBeLessThanOrEqual(7 * mebibyte);
});
