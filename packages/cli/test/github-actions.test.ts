import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { renderStepSummary } from '../src/render/step-summary.ts';
import { openWorkflowCommands } from '../src/render/workflow-commands.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { startCli } from './support/run-cli.ts';

const test = testWith()
  /** What the runner sets for a step. */
  .extend('actions', async ({ workDirectory }) => {
    const [summary, outputs] = [join(workDirectory, 'summary.md'), join(workDirectory, 'outputs')];
    await Promise.all([writeFile(summary, ''), writeFile(outputs, '')]);
    const env = {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_OUTPUT: outputs,
    };
    return { env, summary: () => readFile(summary, 'utf8'), outputs: () => readFile(outputs, 'utf8') };
  });

describe('in a step of GitHub Actions', () => {
  test('an import folds its progress, sets outputs and shows the table on the page of the run', async ({
    argsOf,
    actions,
  }) => {
    const run = await runInProcess(argsOf(), { env: actions.env });
    expect(run.exitCode, run.stderr).toBe(0);
    const { images } = run.json<ImportDocument>();
    const { imageId, amiName } = images[0]!;
    const { commands, text } = readAsRunner(run.stderr);
    expect(commands).toEqual(['group Progress of test-cloud', 'endgroup ']);
    expect(text.findIndex((line) => line.startsWith('test-cloud: upload'))).toBeGreaterThan(-1);
    expect(await actions.outputs()).toMatch(
      new RegExp(`^image-ids<<(\\S+)\\n\\{"test-cloud":"${imageId}"\\}\\n\\1\\n$`),
    );
    const summary = await actions.summary();
    expect(summary).toContain(`✅ imported | <code>${imageId!.replace('-', '\\-')}</code>`);
    expect(summary).toContain(amiName!.replaceAll('-', '\\-'));
    expect(summary).toContain('```yaml\nregion: us-east-1');
  });

  test('an image that fails is an annotation, and so is a run that cannot start', async ({
    argsOf,
    actions,
    account,
  }) => {
    const wrong = await runInProcess(argsOf({ 'checksum-url': undefined, sha256: '0'.repeat(64) }), {
      env: actions.env,
    });
    expect(wrong.exitCode).toBe(1);
    expect(readAsRunner(wrong.stderr).commands.at(-1)).toMatch(
      /^error title=test-cloud DIGEST_MISMATCH: .*%0A/,
    );
    expect(await actions.summary()).toMatch(
      /❌ failed[\s\S]*❌ test\\-cloud: <code>DIGEST\\_MISMATCH<\/code>/,
    );
    account.aws.faults.add({
      match: { operation: 'GetCallerIdentity' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const whole = await runInProcess(argsOf(), { env: actions.env });
    expect(readAsRunner(whole.stderr).commands).toContainEqual(
      expect.stringMatching(/^error title=ec2-image import ACCOUNT_UNKNOWN: /),
    );
    expect(await actions.summary()).toContain('ACCOUNT\\_UNKNOWN');
  });

  const slow = { ec2: { importTaskMs: 30_000, snapshotCompletionMs: 20, imageCreationMs: 20 } };
  test.extend('accountOptions', slow)(
    'a run that is cancelled says in time what the next one finds',
    async ({ argsOf, actions, account }) => {
      const run = startCli(argsOf(), { env: actions.env });
      const isPolled = () =>
        account
          .calls('DescribeImportSnapshotTasks')
          .some(({ parameters }) => parameters['ImportTaskId.1'] !== undefined);
      while (!isPolled()) await delay(20);
      const at = performance.now();
      run.child.kill('SIGINT');
      const { exitCode, stderr } = await run.ended;
      // The runner sends SIGTERM after 7.5 s.
      expect(performance.now() - at).toBeLessThan(7_500);
      expect(exitCode).toBe(130);
      const [task] = (await account.contents()).tasks;
      expect(readAsRunner(stderr).commands.at(-1)).toMatch(
        new RegExp(`^warning title=test-cloud INTERRUPTED: .*The next run finds .*${task!.ImportTaskId}`),
      );
      expect(await actions.summary()).toContain(task!.ImportTaskId!.replaceAll('-', '\\-'));
    },
  );
});

test('no text of others is a command to the runner', () => {
  const stderr = new PassThrough();
  const commands = openWorkflowCommands({ stderr, env: { GITHUB_ACTIONS: 'true' } })!;
  const hostile = '100%\n::error::owned\r\n##[error]owned, a:b';
  commands.annotate('warning', { title: hostile, message: hostile });
  stderr.write(`${hostile}\n`);
  const group = commands.group(hostile);
  stderr.write(`${hostile}\n`);
  group[Symbol.dispose]();
  stderr.write(`${hostile}\n`);
  commands[Symbol.dispose]();
  const read = readAsRunner(String(stderr.read()));
  expect(read.commands.map((command) => command.split(' ')[0])).toEqual(['group', 'endgroup', 'warning']);
  expect(read.commands.at(-1)).toContain('title=100%25%0A%3A%3Aerror%3A%3Aowned');
});

test('nor is it markup of the summary', () => {
  const hostile = '| a | <script> `x` [y](http://z) **b** ![i](j)\n# h';
  const summary = renderStepSummary({
    version: 1,
    images: [],
    next: '```\n# not a heading\n```',
    error: { code: hostile, message: hostile, hint: hostile },
  });
  expect(summary).not.toMatch(/<script|(?<!\\)\[y\]|(?<!\\)\*\*b|\n# h/);
  expect(summary).toContain('````yaml\n```\n# not a heading\n```\n````');
});

/** As `ActionCommandManager` of the runner reads a step's output: what it obeys, and what it shows. */
function readAsRunner(output: string): { readonly commands: string[]; readonly text: string[] } {
  const [commands, text]: [string[], string[]] = [[], []];
  let token: string | undefined;
  for (const line of output.split('\n')) {
    const [, name, properties = '', data = ''] =
      /^\s*::([\w-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/.exec(line) ??
      /##\[([\w-]+)(?: ([^\]]*))?\](.*)$/.exec(line) ??
      [];
    if (name === undefined || (token !== undefined && name !== token)) text.push(line);
    else if (name === token) token = undefined;
    else if (name === 'stop-commands') token = data;
    else commands.push([name, properties, data].filter((part, index) => index !== 1 || part).join(' '));
  }
  expect(token, 'commands are obeyed again').toBeUndefined();
  return { commands, text };
}
