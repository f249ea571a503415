import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { validateWorkflow } from '@action-validator/core';
import { execa, type Subprocess } from 'execa';
import { parse } from 'yaml';
import { blocksOf, readDocument } from './documentation/documents.ts';
import { bucket } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { ownEnvironment } from './support/run-cli.ts';
import { isExhaustive } from './support/sample.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Step {
  readonly id?: string;
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
}

type Inputs = Readonly<Record<string, string>>;

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

const action: Action = parse(await readFile(join(root, 'action.yml'), 'utf8'));

/**
 * Runs the steps one after the other as the runner does: expressions filled in, a shell that ends at the first error, outputs in
 * a file.
 *
 * @param options.cancel is told of the shell of the last step, to cancel it
 */
async function runAction(
  given: Inputs,
  {
    directory,
    cancel = async () => {},
  }: { readonly directory: string; readonly cancel?: (shell: Subprocess) => Promise<unknown> },
) {
  const outputs = new Map<string, string>();
  const fill = (text: string) =>
    text.replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (_, path: string) => {
      const [where, ...rest] = path.split('.');
      const key = rest.at(-1)!;
      return where === 'inputs'
        ? (given[key] ?? action.inputs[key]!.default ?? '')
        : (outputs.get(path) ?? '');
    });
  let said = '';
  let exitCode: number | undefined;
  const { steps } = action.runs;
  for (const [index, step] of steps.entries()) {
    const [script, output] = [join(directory, `step-${index}.sh`), join(directory, `output-${index}`)];
    await writeFile(script, step.run);
    await writeFile(output, '');
    const shell = execa('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
      cwd: directory,
      reject: false,
      env: {
        ...ownEnvironment,
        ...Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value)])),
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: root,
        GITHUB_OUTPUT: output,
      },
    });
    if (step === steps.at(-1)) await cancel(shell);
    const end = await shell;
    said += `${end.stdout}${end.stderr}`;
    exitCode = end.exitCode;
    if (exitCode !== 0) break;
    const text = await readFile(output, 'utf8');
    for (const [, name, , value] of text.matchAll(/^(.+)<<(.+)\n([\s\S]*?)\n\2$/gm))
      outputs.set(`steps.${step.id}.outputs.${name}`, value!);
  }
  return {
    exitCode,
    said,
    outputs: Object.fromEntries(
      Object.entries(action.outputs).map(([name, { value }]) => [name, fill(value)]),
    ),
  };
}

/** The workflow of docs/ci.md. */
const [recipe = ''] = blocksOf(readDocument('docs/ci.md'), 'yaml');
const recipeSteps: readonly { readonly uses?: string; readonly with?: Inputs }[] =
  parse(recipe).jobs.import.steps;
const recipeInputs = recipeSteps.find(({ uses }) => uses?.startsWith('OWNER/ec2-image@'))!.with!;

const test = testWith();

test('the workflow of docs/ci.md is one that GitHub reads, with inputs and outputs that the action has', () => {
  expect(validateWorkflow(recipe)).toMatchObject({ errors: [] });
  expect(Object.keys(recipeInputs).filter((name) => !(name in action.inputs))).toEqual([]);
  const outputs = [...recipe.matchAll(/steps\.import\.outputs\.([\w-]+)/g)].map(([, name]) => name!);
  expect(outputs.length).toBeGreaterThan(0);
  expect(outputs.filter((name) => !(name in action.outputs))).toEqual([]);
});

// The first step sets the clone up and builds it.
describe.runIf(isExhaustive)('the GitHub Action', () => {
  test('imports what its inputs say, writes the files of the workflow in docs/ci.md, and tells the AMIs', {
    timeout: 600_000,
  }, async ({ account, images, workDirectory }) => {
    await writeFile(
      join(workDirectory, 'ec2-image.yaml'),
      ['one', 'two', 'three']
        .map((name) => `  ${name}: { url: "${images.url('qcow2')}", checksum-url: "${images.checksumUrl}" }`)
        .reduce((text, line) => `${text}${line}\n`, 'images:\n'),
    );
    const { exitCode, said, outputs } = await runAction(
      {
        ...recipeInputs,
        images: 'one two',
        arguments: '--arch\nx86_64',
        region: 'us-east-1',
        via: 'ebs',
        'omit-holes': 'true',
        'poll-interval': '0.05',
        tag: 'team=images,note=two words',
        'endpoint-url': account.aws.url,
      },
      { directory: workDirectory },
    );
    expect(exitCode, said).toBe(0);
    const { images: amis } = await account.contents();
    expect(JSON.parse(outputs['image-ids']!)).toEqual(
      Object.fromEntries(amis.map(({ Name, ImageId }) => [Name!.split('-')[0]!, ImageId])),
    );
    expect(amis).toHaveLength(2);
    expect(amis[0]!.Tags).toContainEqual({ Key: 'note', Value: 'two words' });
    expect(await readdir(workDirectory)).toEqual(expect.arrayContaining(Object.values(recipeInputs)));
  });

  const slow = { ec2: { importTaskMs: 30_000, snapshotCompletionMs: 20, imageCreationMs: 20 } };
  test.extend('accountOptions', slow)(
    'that is cancelled stops, though the runner signals its shell alone',
    { timeout: 600_000 },
    async ({ account, images, workDirectory }) => {
      const { exitCode, said } = await runAction(
        {
          arguments: '--name\none\n--arch\nx86_64',
          url: images.url('qcow2'),
          'checksum-url': images.checksumUrl,
          bucket,
          'poll-interval': '0.05',
          'endpoint-url': account.aws.url,
        },
        {
          directory: workDirectory,
          async cancel(shell) {
            const isPolled = () =>
              account
                .calls('DescribeImportSnapshotTasks')
                .some(({ parameters }) => parameters['ImportTaskId.1'] !== undefined);
            while (!isPolled()) await delay(20);
            shell.kill('SIGINT');
          },
        },
      );
      expect(exitCode, said).toBe(130);
      expect(said).toContain('The next run finds');
    },
  );
});
