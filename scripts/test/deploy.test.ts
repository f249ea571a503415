import { readFileSync } from 'node:fs';
import { validateWorkflow } from '@action-validator/core';
import { execaSync } from 'execa';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { parseTemplate, problemsOf, type Template } from './deploy/cloudformation.ts';
import { problemsOfManifest } from './deploy/kubernetes.ts';

const read = (path: string) => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');

describe('the CloudFormation template', () => {
  const template = parseTemplate(read('aws-batch.yaml'));

  test('has nothing that CloudFormation does not know', async () => {
    expect(await problemsOf(template)).toEqual([]);
  });

  test('and the check finds what it does not', async () => {
    const { Queue, Daily, ...resources } = template.Resources;
    const wrong = { ...resources, Daily: { Type: Daily!.Type, Properties: { State: 1, Nope: '' } } };
    expect(await problemsOf({ ...template, Resources: wrong } as Template)).toEqual(
      expect.arrayContaining([
        'Queue is not defined',
        'Daily: Target is missing',
        'Daily.State: not a string',
        'Daily: no property Nope',
      ]),
    );
  });

  test('starts an array job, and a publish after it', () => {
    const { DefinitionString } = template.Resources.Import!.Properties as { DefinitionString: string };
    const definition = JSON.parse(DefinitionString.replace('${Shards}', '8'));
    const { Import, Publish } = definition.States;
    expect(definition.StartAt).toBe('Import');
    expect(Import).toMatchObject({ Parameters: { ArrayProperties: { Size: 8 } }, Next: 'Publish' });
    expect(Publish).toMatchObject({
      Parameters: { ContainerOverrides: { Command: ['publish'] } },
      End: true,
    });
  });
});

describe('the Kubernetes manifests', () => {
  const manifests = parseAllDocuments(read('kubernetes-job.yaml')).map((document) => document.toJS());

  test('have nothing that a cluster does not know', () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(['Job', 'CronJob']);
    expect(manifests.flatMap(problemsOfManifest)).toEqual([]);
  });

  test('and the check finds what it does not', () => {
    const [job] = structuredClone(manifests);
    job.spec.completion = 3;
    job.spec.template.spec.containers[0].imag = 'x';
    expect(problemsOfManifest(job).toSorted()).toEqual([
      '/spec/completion',
      '/spec/template/spec/containers/0/imag',
    ]);
  });

  test('have a pod for each shard', () => {
    const { completions, parallelism, maxFailedIndexes, template } = manifests[0].spec;
    const shards = template.spec.containers[0].env.find(({ name }: { name: string }) => name === 'SHARDS');
    expect([String(completions), String(parallelism), String(maxFailedIndexes)]).toEqual([
      shards.value,
      shards.value,
      shards.value,
    ]);
  });
});

test('the GitHub workflow has nothing that GitHub does not know', () => {
  const text = read('github-matrix.yaml');
  expect(validateWorkflow(text)).toMatchObject({ errors: [] });
  expect(validateWorkflow(text.replace('runs-on', 'runs-at')).errors).not.toEqual([]);
  const { shard } = parse(text).jobs.import.strategy.matrix;
  expect(shard).toEqual(Object.keys(shard).map(Number));
});

test('the Slurm script is one that a shell reads, with an array without gaps', () => {
  const text = read('slurm-array.sh');
  execaSync('sh', ['-n'], { input: text });
  expect(text).toMatch(/^#SBATCH --array=0-\d+$/m);
});
