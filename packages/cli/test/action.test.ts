import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { parse } from 'yaml';
import { expect, testWith } from './support/fixtures.ts';
import { ownEnvironment } from './support/run-cli.ts';
import { isExhaustive } from './support/sample.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Step {
  readonly id?: string;
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

const test = testWith();

/** Runs the steps one after the other as the runner does: expressions filled in, a shell that ends at the first error, outputs in a file. */
async function runAction(given: Readonly<Record<string, string>>, directory: string) {
  const action: Action = parse(await readFile(join(root, 'action.yml'), 'utf8'));
  const outputs = new Map<string, string>();
  const fill = (text: string) =>
    text.replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (_, path: string) => {
      const [where, ...rest] = path.split('.');
      const key = rest.at(-1)!;
      return where === 'inputs'
        ? (given[key] ?? action.inputs[key]!.default ?? '')
        : (outputs.get(path) ?? '');
    });
  for (const [index, step] of action.runs.steps.entries()) {
    const [script, output] = [join(directory, `step-${index}.sh`), join(directory, `output-${index}`)];
    await writeFile(script, step.run);
    await writeFile(output, '');
    await execa('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
      cwd: directory,
      env: {
        ...ownEnvironment,
        ...Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value)])),
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: root,
        GITHUB_OUTPUT: output,
      },
    });
    const text = await readFile(output, 'utf8');
    for (const [, name, , value] of text.matchAll(/^(.+)<<(.+)\n([\s\S]*?)\n\2$/gm))
      outputs.set(`steps.${step.id}.outputs.${name}`, value!);
  }
  return Object.fromEntries(Object.entries(action.outputs).map(([name, { value }]) => [name, fill(value)]));
}

// The first step sets the clone up and builds it.
test.runIf(isExhaustive)(
  'the GitHub Action imports what its inputs say, and tells the AMIs',
  { timeout: 600_000 },
  async ({ account, images, workDirectory }) => {
    await writeFile(
      join(workDirectory, 'ec2-image.yaml'),
      ['one', 'two', 'three']
        .map((name) => `  ${name}: { url: "${images.url('qcow2')}", checksum-url: "${images.checksumUrl}" }`)
        .reduce((text, line) => `${text}${line}\n`, 'images:\n'),
    );
    const outputs = await runAction(
      {
        images: 'one two',
        arguments: '--arch\nx86_64',
        region: 'us-east-1',
        via: 'ebs',
        'omit-holes': 'true',
        'poll-interval': '0.05',
        tag: 'team=images,note=two words',
        'endpoint-url': account.aws.url,
      },
      workDirectory,
    );
    const { images: amis } = await account.contents();
    expect(JSON.parse(outputs['image-ids']!)).toEqual(
      Object.fromEntries(amis.map(({ Name, ImageId }) => [Name!.split('-')[0]!, ImageId])),
    );
    expect(amis).toHaveLength(2);
    expect(amis[0]!.Tags).toContainEqual({ Key: 'note', Value: 'two words' });
  },
);
