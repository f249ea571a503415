import { availableParallelism } from 'node:os';
import { createWorkerPool, type PoolOptions, type WorkerPool } from '@ec2-image/disk-blocks';
import { test as base, expect } from 'vitest';

const fixture = (name: string) => new URL(`./fixtures/${name}.ts`, import.meta.url);

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('pool', ({}, { onCleanup }) => (options: PoolOptions): WorkerPool => {
  const pool = createWorkerPool(options);
  onCleanup(() => pool.close());
  return pool;
});

/** Without pieces: a job of this many bytes that stay as they are. */
const jobOf = (length: number) => ({
  kind: 'fill' as const,
  fd: 0,
  clusterSize: 0,
  buffer: new SharedArrayBuffer(length),
  length,
  pieces: new Float64Array(),
  crc32: true,
  sha256: true,
});

test('jobs come back with what was asked for', async ({ pool }) => {
  const workers = pool({ size: 1 });
  const answer = await workers.run(jobOf(600_000));
  expect(answer).toMatchObject({ result: { crc32: 3_506_295_731 } });
  expect(answer.result?.digests?.length).toBe(64);
});

test('a job that hangs ends with an error, and another thread does the next', async ({ pool }) => {
  const workers = pool({ size: 1, program: fixture('hanging'), jobTimeoutMs: 5000 });
  const [hanging, next] = await Promise.allSettled([workers.run(jobOf(1024)), workers.run(jobOf(2048))]);
  expect(hanging).toMatchObject({
    reason: { code: 'WORKER_FAILED', message: expect.stringContaining('5 s') },
  });
  expect(next).toMatchObject({ status: 'fulfilled' });
});

test('an abort ends a job at hand and one that waits at once', async ({ pool }) => {
  const workers = pool({ size: 1, program: fixture('hanging'), jobTimeoutMs: 60_000 });
  const abort = new AbortController();
  const both = [workers.run(jobOf(1024), abort), workers.run(jobOf(2048), abort)];
  setTimeout(() => abort.abort(new Error('enough')), 50);
  for (const outcome of await Promise.allSettled(both))
    expect(outcome).toMatchObject({ reason: { message: 'enough' } });
  await expect(workers.run(jobOf(2048), abort)).rejects.toThrow('enough');
});

test.for([
  [512, 'ended with code 7'],
  [1024, 'ended with an error: a bug in the worker'],
  [2048, 'memory limit'],
] as const)('a thread that a job of %i bytes ends is replaced: %s', async ([length, message], { pool }) => {
  const workers = pool({ size: 1, program: fixture('greedy') });
  const [failed, next] = await Promise.allSettled([workers.run(jobOf(length)), workers.run(jobOf(4096))]);
  expect(failed).toMatchObject({
    reason: { code: 'WORKER_FAILED', message: expect.stringContaining(message) },
  });
  expect(next).toMatchObject({ status: 'fulfilled', value: { result: {} } });
});

test('a program that is not there fails every job, and ends', async ({ pool }) => {
  const workers = pool({ size: 2, program: fixture('missing') });
  for (const outcome of await Promise.allSettled([
    workers.run(jobOf(1)),
    workers.run(jobOf(1)),
    workers.run(jobOf(1)),
  ]))
    expect(outcome).toMatchObject({ reason: { code: 'WORKER_FAILED' } });
});

test('a job is finished when no thread has anything to do with it any more', async ({ pool }) => {
  const workers = pool({ size: 1, program: fixture('slow') });
  const abort = new AbortController();
  const events: string[] = [];
  const finished = Promise.withResolvers<void>();
  const onFinished = () => {
    events.push('finished');
    finished.resolve();
  };
  const job = workers.run(jobOf(2048), { signal: abort.signal, onFinished });
  setTimeout(() => abort.abort(), 50);
  await job.catch(() => events.push('aborted'));
  await finished.promise;
  expect(events).toEqual(['aborted', 'finished']);
  const waiting = { signal: AbortSignal.abort(), onFinished: () => events.push('never begun') };
  await expect(workers.run(jobOf(1), waiting)).rejects.toThrow('abort');
  expect(events.at(-1)).toBe('never begun');
});

test("a buffer that was given away is the caller's error, and the thread is free for the next", async ({
  pool,
}) => {
  const workers = pool({ size: 1 });
  const job = jobOf(512);
  const transfer = [job.pieces.buffer];
  expect(await workers.run(job, { transfer })).toMatchObject({
    result: { crc32: expect.any(Number) },
  });
  await expect(workers.run(job, { transfer })).rejects.toMatchObject({ name: 'DataCloneError' });
  expect(await workers.run(jobOf(512))).toMatchObject({ result: { crc32: expect.any(Number) } });
});

test('closing a pool fails what is not done', async ({ pool }) => {
  const workers = pool({ size: 1, program: fixture('hanging') });
  const jobs = Promise.allSettled([workers.run(jobOf(1024)), workers.run(jobOf(1024))]);
  await workers.close();
  for (const outcome of await jobs) expect(outcome).toMatchObject({ reason: { code: 'WORKER_FAILED' } });
});

test('no more jobs run at a time than there are cores', async ({ pool }) => {
  const workers = pool({ program: fixture('counting') });
  const answers = await Promise.all(Array.from({ length: 12 }, () => workers.run(jobOf(16))));
  const threads = new Set(answers.map(({ result }) => result?.crc32));
  expect(threads.size).toBeLessThanOrEqual(availableParallelism());
});
