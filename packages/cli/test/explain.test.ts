import { errorCodes } from '@ec2-image/explained-error';
import { expect, test } from 'vitest';
import { errorPage, renderErrorCode, renderErrorDocument } from '../src/render/error-document.ts';
import { runInProcess } from './support/in-process.ts';

const { means, remedy } = errorCodes.ACCESS_DENIED;

test('explain prints what a code means, in whatever case it is written', async () => {
  const run = await runInProcess(['explain', 'access_Denied']);
  expect(run).toMatchObject({ exitCode: 0, stderr: '', stdout: renderErrorCode('ACCESS_DENIED') });
  for (const part of [means, remedy, 'docs/errors.md#access_denied']) expect(run.stdout).toContain(part);
});

test('explain --json', async () => {
  const run = await runInProcess(['explain', 'ACCESS_DENIED', '--json']);
  expect(run.json()).toEqual({
    version: 1,
    explain: { code: 'ACCESS_DENIED', means, remedy, page: 'docs/errors.md#access_denied' },
  });
});

test.each([
  ['ACCES_DENIED', ' Did you mean "ACCESS_DENIED"?'],
  ['toString', '\n'],
])('explain %s: there is no such code', async (word, meant) => {
  const run = await runInProcess(['explain', word]);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  expect(run.stderr).toContain(`unknown error code "${word}"`);
  expect(run.stderr).toContain(meant);
});

test('explain needs neither a configuration nor a profile that exists', async () => {
  const env = { EC2_IMAGE_CONFIG: '/nowhere.yaml', AWS_PROFILE: 'nope', AWS_ACCESS_KEY_ID: '' };
  expect(await runInProcess(['explain', 'INTERNAL'], { env })).toMatchObject({ exitCode: 0, stderr: '' });
});

test('an error names its page, which has a section for every code', async () => {
  const { stderr } = await runInProcess(['import', '--nonsense']);
  expect(stderr).toContain('\n  More: ec2-image explain USAGE (docs/errors.md#usage)\n');
  const sections = new Set(
    renderErrorDocument()
      .match(/^### .*$/gm)
      ?.map((title) => title.slice(4).toLowerCase()),
  );
  for (const code of Object.keys(errorCodes)) expect(sections).toContain(errorPage(code).split('#')[1]);
});
