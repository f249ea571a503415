import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bucket } from './support/account.ts';
import { expect, testWith } from './support/fixtures.ts';
import type { ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { makeLocalImages } from './support/local-images.ts';
import { startCli } from './support/run-cli.ts';

const promise = /to resume|resumes|to wait for it|finds it|continues/;

const test = testWith();
/** An import that is going to be interrupted takes long. */
const testLong = test.extend('accountOptions', { ec2: { importTaskMs: 60_000 } });

testLong.for<[string[], string]>([
  [[], 'Run the same command again to resume.'],
  [['--cancel-on-interrupt'], 'A cancelled import task starts from the beginning;'],
])('an interrupted import %j says what the next run does', async ([flags, hint], { account, argsOf }) => {
  const run = startCli([...argsOf(), ...flags]);
  while (account.calls('ImportSnapshot').length === 0) await delay(10);
  run.child.kill('SIGINT');
  const end = await run.ended;
  expect(end.json<ImportDocument>().images[0]?.error?.hint, end.stderr).toContain(hint);
});

test('an interrupted demo does not promise to resume', async () => {
  const run = startCli(['demo', '--json']);
  await new Promise<void>((resolve) =>
    run.child.stderr!.on('data', (text) => String(text).includes('Generating') && resolve()),
  );
  run.child.kill('SIGINT');
  const { exitCode, stdout, stderr } = await run.ended;
  expect(exitCode, stderr).toBe(130);
  expect(`${stdout}${stderr}`).not.toMatch(promise);
  expect(stderr).toContain('Run the same command again');
});

test('a demo that is interrupted while its import task runs promises nothing about that task', async () => {
  const local = await makeLocalImages({ sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
  const { path, sha256 } = await local.image('qcow2');
  const run = startCli(['demo', '--json', '--url', path, '--sha256', sha256]);
  await new Promise<void>((resolve) =>
    run.child.stderr!.on('data', (text) => /import: started/.test(String(text)) && resolve()),
  );
  run.child.kill('SIGINT');
  const { exitCode, stdout, stderr } = await run.ended;
  expect(exitCode, stderr).toBe(130);
  expect(stderr).toMatch(/[Ii]mport task/);
  expect(`${stdout}${stderr}`).not.toMatch(promise);
});

test.for<['import' | 'verify', boolean]>([
  ['import', true],
  ['verify', false],
])(
  '%s of an image whose download breaks off',
  { concurrent: true },
  async ([command, resumes], { account, workDirectory }) => {
    await using server = await breakingServer();
    const args = {
      import: ['--name', 'x', '--arch', 'x86_64', '--bucket', bucket],
      verify: ['snap-0123456789abcdef0'],
    }[command];
    const run = await runInProcess([
      command,
      ...args,
      ...['--url', `${server.url}/x.qcow2`, '--sha256', 'a'.repeat(64)],
      ...['--endpoint-url', account.aws.url, '--work-dir', join(workDirectory, 'w')],
    ]);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('BODY_TRUNCATED');
    expect(promise.test(run.stderr), run.stderr).toBe(resumes);
  },
);

/** Serves the first bytes of every file, and hangs up. */
async function breakingServer() {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-length': 1000 });
    answer.write('QFI', () => answer.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
