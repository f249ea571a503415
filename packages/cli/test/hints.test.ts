import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { openAccount } from './support/account.ts';
import { publishImages } from './support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runInProcess, useOwnEnvironment } from './support/in-process.ts';
import { startCli } from './support/run-cli.ts';

const promise = /resume|goes on where/;

beforeAll(useOwnEnvironment);

test.each([
  [[], 'Run the same command again to resume.'],
  [['--cancel-on-interrupt'], 'A cancelled import task starts from the beginning.'],
])('an interrupted import %j says what the next run does', async (flags, hint) => {
  await using images = await publishImages(['qcow2'], { sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
  await using account = await openAccount({ ec2: { importTaskMs: 60_000 } });
  const run = startCli([
    ...importArgs({
      account,
      workDirectory: await makeWorkDirectory(),
      url: images.url('qcow2'),
      'checksum-url': images.checksumUrl,
    }),
    ...flags,
  ]);
  const isWaiting = () => account.aws.calls.list().some(({ operation }) => operation === 'ImportSnapshot');
  while (!isWaiting()) await delay(10);
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

test.each([
  ['import', true],
  ['verify', false],
])('%s with credentials that have expired', async (command, resumes) => {
  await using account = await openAccount();
  account.aws.faults.add({ times: 'always', action: { kind: 'error', preset: 'expired-token' } });
  const directory = await makeWorkDirectory();
  const args = {
    import: [
      '--name',
      'x',
      '--url',
      'https://example.org/x',
      '--sha256',
      'a'.repeat(64),
      '--arch',
      'x86_64',
      '--bucket',
      'disks',
    ],
    verify: ['snap-0123456789abcdef0', '--file', import.meta.filename],
  }[command]!;
  const run = await runInProcess([
    command,
    ...args,
    ...['--endpoint-url', account.aws.url, '--max-attempts', '1', '--work-dir', join(directory, 'w')],
  ]);
  expect(run.exitCode).toBe(1);
  expect(promise.test(run.stderr), run.stderr).toBe(resumes);
});
