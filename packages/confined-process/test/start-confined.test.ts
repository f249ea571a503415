import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { startConfined } from '@ec2-image/confined-process';
import { expect, onTestFinished, test, vi } from 'vitest';

const limits = { memoryBytes: 512 * 2 ** 20, fileBytes: 4096 };

async function run(script: string, signal?: AbortSignal) {
  const program = await startConfined({ name: 'sh', args: ['-c', script], limits, signal });
  program!.stdin.end();
  return { stdout: text(program!.stdout), program: program!, ended: program!.ended };
}

test('a program gets its limits, no variable of the parent, and not its directory', async () => {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'hush');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { stdout, ended } = await run('env; pwd; cat /proc/self/limits');
  const seen = await stdout;
  expect(await ended).toMatchObject({ exitCode: 0 });
  expect(seen).not.toContain('hush');
  expect(seen).toMatch(/^\/$/m);
  expect(seen).toMatch(/^Max core file size +0 /m);
  expect(seen).toMatch(/^Max address space +536870912 /m);
  expect(seen).toMatch(/^Max file size +4096 /m);
});

test('its exit code, its signal and the end of its complaints are told', async () => {
  expect(await (await run('echo why >&2; exit 3')).ended).toMatchObject({ exitCode: 3, stderr: 'why' });
  const killed = await (await run('kill -TERM $$')).ended;
  expect(killed).toMatchObject({ exitCode: undefined, signal: 'SIGTERM' });
});

test('an abort ends it, and gives the reason', async () => {
  const abort = new AbortController();
  const { program, ended } = await run('echo $$; trap "" TERM; while :; do sleep 0.05; done', abort.signal);
  const pid = await new Promise<number>((resolve) =>
    program.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))),
  );
  const reason = new Error('enough');
  abort.abort(reason);
  await expect(ended).rejects.toBe(reason);
  await expect(readFile(`/proc/${pid}/status`)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a program that is not there is undefined', async () => {
  expect(await startConfined({ name: 'no-such-program', args: [], limits })).toBeUndefined();
});
