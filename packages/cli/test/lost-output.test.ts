import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bucket } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { ImportDocument } from './support/import.ts';
import { cliCommand, ownEnvironment, runCli } from './support/run-cli.ts';

const taking = (importTaskMs: number) => ({
  ec2: { importTaskMs, snapshotCompletionMs: 20, imageCreationMs: 20 },
});

const test = testWith()
  .extend('args', ({ argsOf }) => argsOf())
  /** Resolves when the run waits for the import task. */
  .extend('importing', ({ account }) => async () => {
    const isWaiting = () =>
      account
        .calls('DescribeImportSnapshotTasks')
        .some(({ parameters }) => parameters['ImportTaskId.1'] !== undefined);
    while (!isWaiting()) await delay(10);
  })
  .extend('taskStatus', ({ account }) => async () => {
    const [task] = (await account.contents()).tasks;
    return task?.SnapshotTaskDetail?.Status;
  });
/** An import that can be seen waiting. */
const testImport = test.extend('accountOptions', taking(1_000));
/** An import that is going to be cancelled takes long, so that it cannot be over before. */
const testCancel = test.extend('accountOptions', taking(60_000));

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const env = { PATH: process.env.PATH, HOME: '/nonexistent', TERM: 'xterm', ...ownEnvironment };

/** A process around the command, or the command with outputs of its own. */
async function start(
  [file, ...rest]: readonly [string, ...string[]],
  {
    stdin = 'ignore',
    stdout = 'pipe',
    stderr = 'pipe',
    more = {},
  }: {
    readonly stdin?: 'ignore' | 'pipe';
    readonly stdout?: 'pipe' | number;
    readonly stderr?: 'pipe' | number;
    readonly more?: Readonly<Record<string, string>>;
  } = {},
) {
  const child: ChildProcess = spawn(file, rest, {
    stdio: [stdin, stdout, stderr],
    env: { ...env, ...more },
    cwd: repository,
  });
  const said = Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'close'),
  ]);
  const ended = said.then(([stdout, stderr, [exitCode, signal]]) => ({ exitCode, signal, stdout, stderr }));
  return { child, ended };
}

const imported = { images: [{ outcome: 'imported', imageId: expect.stringMatching(/^ami-/) }] };

describe('a terminal that is closed', () => {
  const inTerminal = fileURLToPath(new URL('support/in-terminal.py', import.meta.url));

  testCancel(
    'interrupts the import that it controls: the result is printed, and the task cancelled as asked for',
    async ({ args, importing, taskStatus }) => {
      const { child, ended } = await start(
        ['python3', inTerminal, 'own', ...cliCommand, ...args, '--cancel-on-interrupt'],
        { stdin: 'pipe' },
      );
      await importing();
      child.stdin!.end();
      const end = await ended;
      expect(end.exitCode, end.stderr).toBe(130);
      expect(JSON.parse(end.stdout)).toMatchObject({
        images: [{ outcome: 'interrupted', error: { code: 'INTERRUPTED' } }],
      });
      expect(await taskStatus()).toMatch(/cancel|delet/);
    },
  );

  testImport('is only an output less to an import that it does not control', async ({ args, importing }) => {
    const { child, ended } = await start(['python3', inTerminal, 'none', ...cliCommand, ...args], {
      stdin: 'pipe',
    });
    await importing();
    child.stdin!.end();
    const end = await ended;
    expect(end.exitCode, end.stderr).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject(imported);
  });

  test('answers a question with no', async ({ account, args }) => {
    account.aws.faults.add({
      match: { operation: 'ImportSnapshot' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    expect(await runCli(args)).toMatchObject({ exitCode: 1 });
    expect((await account.contents()).objects).toHaveLength(1);
    const janitor = ['janitor', '--json', '--apply', '--older-than', '0s', '--bucket', bucket];
    const { child, ended } = await start(
      ['python3', inTerminal, 'none', ...cliCommand, ...janitor, '--endpoint-url', account.aws.url],
      { stdin: 'pipe' },
    );
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('Type yes:')) child.stdin!.end();
    });
    const end = await ended;
    expect(end.exitCode, end.stdout + end.stderr).toBe(3);
    expect((await account.contents()).objects).toHaveLength(1);
  });
});

describe('SIGHUP', () => {
  /** A shell that ends as its job does, and sends it a SIGHUP when it gets a SIGUSR1. */
  const passOnHangup = 'job=$!; trap "kill -s HUP $job" USR1; wait $job; wait $job';

  testCancel(
    'twice, as kernel and shell send it, does not cut the stopping short',
    async ({ account, args, importing, taskStatus }) => {
      account.aws.faults.add({
        match: { operation: 'CancelImportTask' },
        action: { kind: 'delay', when: 'before', ms: 500 },
      });
      const { child, ended } = await start([...cliCommand, ...args, '--cancel-on-interrupt']);
      await importing();
      child.kill('SIGHUP');
      while (account.calls('CancelImportTask').length === 0) await delay(10);
      child.kill('SIGHUP');
      const end = await ended;
      expect(end.exitCode, end.stderr).toBe(130);
      expect(JSON.parse(end.stdout)).toMatchObject({ images: [{ outcome: 'interrupted' }] });
      expect(await taskStatus()).toMatch(/cancel|delet/);
    },
  );

  testImport.for<[string, string, readonly string[]]>([
    ['the command', 'bash', cliCommand],
    ['its script, from a shell that leaves no name', 'sh', [`${repository}/scripts/ec2-image`]],
  ])('is ignored under nohup: %s', async ([_, shell, command], { args, importing }) => {
    const versions = {
      node: (await readFile(`${repository}/.node-version`, 'utf8')).trim(),
      pnpm: JSON.parse(await readFile(`${repository}/package.json`, 'utf8')).packageManager.split('@')[1],
    };
    const { child, ended } = await start(
      [shell, '-c', `nohup "$@" </dev/null & ${passOnHangup}`, shell, ...command, ...args],
      // As scripts/with-node sets it: the toolchain is the one that runs this test.
      { more: { EC2_IMAGE_TOOLCHAIN: `${versions.node}+${versions.pnpm}`, _: '' } },
    );
    await importing();
    child.kill('SIGUSR1');
    const end = await ended;
    expect(end.exitCode, end.stderr).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject(imported);
  });
});

test('a reader of both outputs that has seen enough: `2>&1 | head -1`', async ({ account, args }) => {
  const { ended } = await start([
    'bash',
    '-c',
    '"$@" 2>&1 | head -1; exit ${PIPESTATUS[0]}',
    'bash',
    ...cliCommand,
    ...args,
    '--verbose',
  ]);
  const end = await ended;
  expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^.+\n$/), stderr: '' });
  const { images: amis } = await account.contents();
  expect(amis).toMatchObject([{ State: 'available' }]);
});

describe('a full disk', () => {
  test('under stderr: the import ends well, and its document is whole', async ({ args }) => {
    await using full = await open('/dev/full', 'w');
    const { ended } = await start([...cliCommand, ...args, '--verbose'], { stderr: full.fd });
    const end = await ended;
    expect(end.exitCode).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject(imported);
  });

  test('under the log: it is said, and the import ends well', async ({ args }) => {
    const end = await runCli([...args, '--log-file', '/dev/full']);
    expect(end.exitCode, end.stderr).toBe(0);
    expect(end.json<ImportDocument>()).toMatchObject(imported);
    expect(
      end.stderr.match(/cannot write to the log \/dev\/full: ENOSPC.*; continuing without it/g),
    ).toHaveLength(1);
  });

  test.for<[string, (args: string[], url: string) => string[]]>([
    ['import --json', (args) => args],
    ['import', (args) => args.filter((arg) => arg !== '--json')],
    ['janitor --json', (_, url) => ['janitor', '--json', '--endpoint-url', url]],
    ['janitor', (_, url) => ['janitor', '--endpoint-url', url]],
    ['import --json that fails', () => ['import', '--json']],
    ['--help', () => ['--help']],
    ['--version', () => ['--version']],
  ])('under stdout: %s says that its result is lost', async ([_, commandOf], { account, args }) => {
    await using full = await open('/dev/full', 'w');
    const { ended } = await start([...cliCommand, ...commandOf(args, account.aws.url)], { stdout: full.fd });
    const { exitCode, stderr } = await ended;
    expect([1, 2]).toContain(exitCode);
    expect(stderr).toMatch(/^error OUTPUT_FAILED: cannot write the result to stdout: ENOSPC/m);
    expect(stderr.match(/ENOSPC/g)).toHaveLength(1);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});

test('a reader that closes the pipe does not fail the run', async ({ args }) => {
  const { ended } = await start([
    'bash',
    '-c',
    '"$@" | true; exit ${PIPESTATUS[0]}',
    'bash',
    ...cliCommand,
    ...args,
  ]);
  expect(await ended).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('error') });
});
