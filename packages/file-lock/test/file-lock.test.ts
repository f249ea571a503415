import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as api from '@ec2-image/file-lock';
import { isLocked, tryLock, waitForLock } from '@ec2-image/file-lock';
import { beforeEach, expect, onTestFinished, test } from 'vitest';

let path: string;

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'file-lock-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  path = join(directory, 'lock');
});

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'FileLockError',
    'isLocked',
    'makeDirectory',
    'tryLock',
    'waitForLock',
  ]);
});

test('one holder at a time, in one process too', async () => {
  expect(await isLocked({ path })).toBe(false);
  const lock = await tryLock({ path });
  expect(await tryLock({ path })).toBeUndefined();
  expect(await isLocked({ path })).toBe(true);
  lock?.release();
  lock?.release();
  expect(await isLocked({ path })).toBe(false);
});

test('a holder that is killed loses the lock', async () => {
  const script = `
    import { tryLock } from ${JSON.stringify(import.meta.resolve('../src/index.ts'))};
    globalThis.lock = await tryLock({ path: ${JSON.stringify(path)} });
    console.log(globalThis.lock ? 'held' : 'refused');
    setInterval(() => {}, 1000);`;
  const child = spawn(
    process.execPath,
    ['--conditions=@ec2-image/source', '--input-type=module', '--eval', script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [output] = await once(child.stdout, 'data');
  expect(String(output)).toBe('held\n');
  expect(await tryLock({ path })).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await tryLock({ path });
  expect(lock).toBeDefined();
  lock?.release();
});

test('waiting ends when the lock is free, and at once when aborted', async () => {
  const lock = await tryLock({ path });
  let waits = 0;
  const second = waitForLock({ path, retryMs: 5, onWait: () => waits++ });
  const aborted = waitForLock({ path, retryMs: 10_000, signal: AbortSignal.timeout(20) });
  await expect(aborted).rejects.toThrow(/abort/i);
  lock?.release();
  (await second).release();
  expect(waits).toBe(1);
});
