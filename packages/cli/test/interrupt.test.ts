import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAccount, type TestAccount } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { type CliRun, runCli, startCli } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

let images: TestImages;
let account: TestAccount;
let args: string[];

beforeAll(async () => {
  images = await publishImages(['qcow2']);
});
afterAll(() => images[Symbol.asyncDispose]());
beforeEach(async () => {
  account = await openAccount({
    ec2: { importTaskMs: 3_000, snapshotCompletionMs: 20, imageCreationMs: 20 },
  });
  args = importArgs({
    account,
    workDirectory: await makeWorkDirectory(),
    url: images.url('qcow2'),
    'checksum-url': images.checksumUrl,
  });
});
afterEach(() => account[Symbol.asyncDispose]());

/** Resolves when a call of that kind has begun; fails where the run ends before. */
async function reaches(run: CliRun, operation: string, parameters?: Record<string, string>): Promise<void> {
  const early = run.ended.then(({ stderr }) => stderr);
  for (;;) {
    const seen = account.aws.calls
      .list()
      .some(
        (call) =>
          call.operation === operation &&
          Object.keys(parameters ?? {}).every((name) => call.parameters[name] !== undefined),
      );
    if (seen) return;
    const ended = await Promise.race([early, delay(10)]);
    if (ended !== undefined) throw new Error(`ended before ${operation}: ${ended}`);
  }
}

async function interrupted(run: CliRun, signal: NodeJS.Signals) {
  const at = performance.now();
  run.child.kill(signal);
  const end = await run.ended;
  expect(end.exitCode, end.stderr).toBe(130);
  const [result] = end.json<ImportDocument>().images;
  expect(result).toMatchObject({ outcome: 'interrupted', error: { code: 'INTERRUPTED' } });
  return { ...end, result: result!, ms: performance.now() - at };
}

/** An import that nothing disturbs resumes there. */
async function expectResumes(): Promise<void> {
  account.aws.faults.clear();
  await expectOneOfEach({ account }, images, await runCli(args));
}

describe('while waiting for the import task', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s leaves the task running and reports its id',
    async (signal) => {
      const run = startCli(args);
      await reaches(run, 'DescribeImportSnapshotTasks', { 'ImportTaskId.1': '' });
      const { stderr, result, ms } = await interrupted(run, signal);
      expect(ms).toBeLessThan(2_500);
      const [task] = (await account.contents()).tasks;
      expect(task!.SnapshotTaskDetail!.Status).toBe('active');
      expect(stderr).toContain(task!.ImportTaskId);
      expect(result.leftovers).toEqual([
        expect.stringMatching(/^s3:\/\//),
        `import task ${task!.ImportTaskId}`,
      ]);
      await expectResumes();
      expect(account.aws.calls.list().filter(({ operation }) => operation === 'ImportSnapshot')).toHaveLength(
        1,
      );
    },
  );

  test('--cancel-on-interrupt cancels it', async () => {
    args.push('--cancel-on-interrupt');
    const run = startCli(args);
    await reaches(run, 'DescribeImportSnapshotTasks', { 'ImportTaskId.1': '' });
    const { stderr } = await interrupted(run, 'SIGINT');
    const { tasks, snapshots } = await account.contents();
    expect(tasks[0]!.SnapshotTaskDetail!.Status).not.toMatch(/active|completed/);
    expect(stderr).toContain(tasks[0]!.ImportTaskId);
    expect(snapshots.filter(({ State }) => State === 'completed')).toEqual([]);
    await expectResumes();
  });

  test('a second signal ends it where it stands', async () => {
    account.aws.faults.add({ match: { operation: 'CancelImportTask' }, action: { kind: 'hang' } });
    const run = startCli([...args, '--cancel-on-interrupt']);
    await reaches(run, 'DescribeImportSnapshotTasks', { 'ImportTaskId.1': '' });
    run.child.kill('SIGINT');
    await reaches(run, 'CancelImportTask');
    const at = performance.now();
    run.child.kill('SIGINT');
    expect(await run.ended).toMatchObject({ exitCode: 130 });
    expect(performance.now() - at).toBeLessThan(1_000);
    await expectResumes();
  });
});

test('during the upload: what has arrived is kept', async () => {
  account.aws.faults.add({
    match: { operation: 'UploadPart', parameters: { partNumber: '2' } },
    action: { kind: 'hang' },
  });
  const run = startCli(args);
  await reaches(run, 'UploadPart');
  await delay(500);
  const { ms } = await interrupted(run, 'SIGTERM');
  expect(ms).toBeLessThan(2_500);
  expect(await account.contents()).toMatchObject({ objects: [], uploads: [{}] });
  await expectResumes();
});

test('during the conversion: qemu-img ends, and nothing unfinished has a final name', async () => {
  const bin = await temporaryDirectory('slow-qemu');
  const pidFile = join(bin, 'pid');
  await writeFile(
    join(bin, 'qemu-img'),
    `#!/bin/sh\nif [ "$1" = convert ]; then echo $$ >'${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'; exec sleep 30; fi\nPATH='${process.env.PATH}' exec qemu-img "$@"\n`,
  );
  await chmod(join(bin, 'qemu-img'), 0o755);
  const run = startCli(args, { env: { PATH: `${bin}:${process.env.PATH}` } });
  while (!(await readdir(bin)).includes('pid')) await delay(20);
  await interrupted(run, 'SIGINT');
  const pid = Number(await readFile(pidFile, 'utf8'));
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  const workDirectory = args[args.indexOf('--work-dir') + 1]!;
  const files = await readdir(join(workDirectory, 'images'), { recursive: true });
  expect(files.filter((name) => name.endsWith('.vhdx'))).toEqual([]);
  await expectResumes();
});
