import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fetchInChild } from './support/child.ts';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { digestOfBytes, fetchTo, patient, temporaryDirectory } from './support/work.ts';

const mebibyte = 2 ** 20;
const content = sampleBytes(8 * mebibyte);
const digest = digestOfBytes(content);

/** Serves the file with ranges, at a rate that leaves time to be killed. */
async function slowServer() {
  const state = { bytesPerTick: 64 * 1024, sent: 0 };
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
      const chunk = content.subarray(at, Math.min(end, at + state.bytesPerTick));
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

/** What a killed process had received and not yet written, and what was on its way: a burst of a few ticks for each connection. */
const inFlight = 2 * mebibyte;

test.each([1, 3])(
  'a process killed again and again in mid-download: nothing that was there is asked for twice (%i connections)',
  async (connections) => {
    const { url, requests, state } = await slowServer();
    const directory = await temporaryDirectory();
    const options = { url: `${url}/disk`, digest, directory, connections };
    for (const killAt of [1.5, 3.5, 5.5]) {
      requests.length = 0;
      const child = fetchInChild(options);
      const { done } = await child.until((event) => (event.done ?? 0) >= killAt * mebibyte);
      await child.kill();
      expect(await readdir(directory)).toContainEqual(expect.stringMatching(/\.partial$/));
      expect(await readdir(directory)).not.toContainEqual(expect.stringMatching(/-disk$/));
      expect(done).toBeLessThan(content.length);
    }
    state.bytesPerTick = mebibyte;
    state.sent = 0;
    const { notices, options: quick } = patient();
    const image = await fetchTo({ ...options, ...quick });
    expect(image.outcome).toBe('resumed');
    expect(content.equals(await readFile(image.path))).toBe(true);
    expect(notices[0]).toMatch(/^going on with [\d,]+ bytes of an earlier run$/);
    // The last kill came after 5.5 MiB were written down.
    expect(image.bytesTransferred).toBeLessThanOrEqual(2.5 * mebibyte);
    expect(state.sent).toBe(image.bytesTransferred);
  },
);

test('over the kills together hardly more was sent than the file holds', async () => {
  const { url, state, requests } = await slowServer();
  const options = { url: `${url}/disk`, digest, directory: await temporaryDirectory() };
  for (const killAt of [2, 4]) {
    const child = fetchInChild(options);
    await child.until((event) => (event.done ?? 0) >= killAt * mebibyte);
    await child.kill();
  }
  await fetchTo(options);
  expect(state.sent).toBeLessThanOrEqual(content.length + 2 * inFlight);
  const starts = requests.map(({ headers }) => Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0));
  expect(starts[0]).toBe(0);
  expect(starts[1]).toBeGreaterThanOrEqual(2 * mebibyte);
  expect(starts[2]).toBeGreaterThanOrEqual(4 * mebibyte);
});

test('two processes on one directory: one downloads, the other waits and uses it', async () => {
  const { url, requests } = await serve(fileHandler({ content }));
  const options = { url: `${url}/disk`, digest, directory: await temporaryDirectory() };
  const children = [fetchInChild(options), fetchInChild(options)];
  const events = await Promise.all(children.map((child) => child.until(({ image }) => image !== undefined)));
  expect(events.map(({ image }) => image!.outcome).sort()).toEqual(['downloaded', 'reused']);
  expect(requests).toHaveLength(1);
});

test('the one that waits goes on where a killed one stopped', async () => {
  const { url, requests, state } = await slowServer();
  const options = { url: `${url}/disk`, digest, directory: await temporaryDirectory() };
  const first = fetchInChild(options);
  await first.until((event) => (event.done ?? 0) >= mebibyte);
  const second = fetchInChild(options);
  await second.until(({ notice }) => notice?.startsWith('waiting for another run') ?? false);
  expect(requests).toHaveLength(1);
  state.bytesPerTick = mebibyte;
  await first.kill();
  const { image } = await second.until((event) => event.image !== undefined);
  expect(image).toMatchObject({ outcome: 'resumed' });
  expect(image!.bytesTransferred).toBeLessThanOrEqual(7 * mebibyte);
});
