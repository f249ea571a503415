import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { undisturbedCalls } from './support/account.ts';
import { expectOneOfEach } from './support/crash-points.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { holdProgram } from './support/hold-program.ts';
import type { ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { type CliRun, startCli } from './support/run-cli.ts';

const slow = { ec2: { importTaskMs: 3_000, snapshotCompletionMs: 20, imageCreationMs: 20 } };
const test = testWith({ account: slow })
  .extend('args', ({ argsOf }) => argsOf())
  /** Resolves when a call of that kind has begun; fails where the run ends before. */
  .extend(
    'reaches',
    ({ account }) =>
      async (run: CliRun, operation: string, parameters: readonly string[] = []): Promise<void> => {
        const early = run.ended.then(({ stderr }) => stderr);
        const isThere = () =>
          account
            .calls(operation)
            .some((call) => parameters.every((name) => call.parameters[name] !== undefined));
        while (!isThere()) {
          const ended = await Promise.race([early, delay(10)]);
          if (ended !== undefined) throw new Error(`ended before ${operation}: ${ended}`);
        }
      },
  )
  /** An import that nothing disturbs resumes there. */
  .extend('expectResumes', ({ account, images, args }) => async () => {
    account.aws.faults.clear();
    await expectOneOfEach({ account }, images, await runInProcess(args));
  });

async function interrupted(run: CliRun, signal: NodeJS.Signals) {
  const at = performance.now();
  run.child.kill(signal);
  const end = await run.ended;
  expect(end.exitCode, end.stderr).toBe(130);
  const [result] = end.json<ImportDocument>().images;
  expect(result).toMatchObject({ outcome: 'interrupted', error: { code: 'INTERRUPTED' } });
  return { ...end, result: result!, ms: performance.now() - at };
}

describe('while waiting for the import task', () => {
  test.for(['SIGINT', 'SIGTERM'] as const)(
    '%s leaves the task running and reports its id',
    async (signal, { account, args, reaches, expectResumes }) => {
      const run = startCli(args);
      await reaches(run, 'DescribeImportSnapshotTasks', ['ImportTaskId.1']);
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
      expect(undisturbedCalls(account, 'ImportSnapshot')).toHaveLength(1);
    },
  );

  // Calm: a task that is cancelled may complete all the same, and does so in adverse conditions.
  test.extend('accountOptions', { ...slow, conditions: 'calm' })(
    '--cancel-on-interrupt cancels it',
    async ({ account, args, reaches, expectResumes }) => {
      args.push('--cancel-on-interrupt');
      const run = startCli(args);
      await reaches(run, 'DescribeImportSnapshotTasks', ['ImportTaskId.1']);
      const { stderr } = await interrupted(run, 'SIGINT');
      const { tasks, snapshots } = await account.contents();
      expect(tasks[0]!.SnapshotTaskDetail!.Status).not.toMatch(/active|completed/);
      expect(stderr).toContain(tasks[0]!.ImportTaskId);
      expect(snapshots.filter(({ State }) => State === 'completed')).toEqual([]);
      await expectResumes();
    },
  );

  test('a second signal ends it where it stands', async ({ account, args, reaches, expectResumes }) => {
    account.aws.faults.add({ match: { operation: 'CancelImportTask' }, action: { kind: 'hang' } });
    const run = startCli([...args, '--cancel-on-interrupt']);
    await reaches(run, 'DescribeImportSnapshotTasks', ['ImportTaskId.1']);
    run.child.kill('SIGINT');
    await reaches(run, 'CancelImportTask');
    const at = performance.now();
    run.child.kill('SIGINT');
    expect(await run.ended).toMatchObject({ exitCode: 130 });
    expect(performance.now() - at).toBeLessThan(1_000);
    await expectResumes();
  });
});

test('during the upload: what has arrived is kept', async ({ account, args, reaches, expectResumes }) => {
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

test('during the conversion: qemu-img ends, and nothing unfinished has a final name', async ({
  workDirectory,
  args,
  expectResumes,
}) => {
  const converting = await holdProgram({ name: 'qemu-img', command: 'convert', when: 'before' });
  const run = startCli(args, { env: { PATH: converting.path, EC2_IMAGE_CONVERTER: 'qemu-img' } });
  const pid = await converting.reached();
  await interrupted(run, 'SIGINT');
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  const files = await readdir(join(workDirectory, 'images'), { recursive: true });
  expect(files.filter((name) => name.endsWith('.vhdx'))).toEqual([]);
  await expectResumes();
});
