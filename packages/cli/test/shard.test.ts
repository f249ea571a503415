import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseConfig } from '../src/config/read-config.ts';
import { engineShard } from '../src/shard/engine-shard.ts';
import { shardOf } from '../src/shard/shard-of.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

const test = testWith().extend(
  'importShard',
  ({ account, images, workDirectory }) =>
    async (names: readonly string[], more: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      const file = join(workDirectory, 'ec2-image.yaml');
      const source = `url: "${images.url('qcow2')}", checksum-url: "${images.checksumUrl}", arch: x86_64`;
      const entries = names.map((name) => `  ${name}: { ami-name: '${name}', ${source} }`);
      const top = [
        'region: us-east-1',
        'via: ebs',
        'omit-holes: true',
        'poll-interval: 0.05',
        'deprecate-after: 30d',
      ];
      await writeFile(file, [...top, 'images:', ...entries, ''].join('\n'));
      const common = ['--config', file, '--work-dir', workDirectory, '--endpoint-url', account.aws.url];
      return runInProcess(['import', ...common, '--json', ...more], { env });
    },
);

const imagesOf = (end: { json<T>(): T }) => end.json<ImportDocument>().images.map(({ name }) => name);

describe('the shards of a configuration', () => {
  test('are together all of its images, none twice, whatever its names and however many shards', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,11}$/);
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 50 }), (images, count) => {
        const source = ['images:', ...images.map((image) => `  '${image}': {}`), ''].join('\n');
        const parts = Array.from({ length: count }, (_, index) => {
          const file = parseConfig({ path: 'ec2-image.yaml', source, env: {} });
          return shardOf({ flags: {}, names: [], file }, { given: { index, count }, env: {} })!.names;
        });
        expect(parts.flat().toSorted()).toEqual(images.toSorted());
        const sizes = parts.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('are imported by as many runs, each image by one of them', async ({ importShard, account }) => {
    const names = ['one', 'two', 'three'];
    const first = await importShard(names, ['--shard', '0/2']);
    expect([first.exitCode, imagesOf(first)]).toEqual([0, ['one', 'three']]);
    expect(first.stderr).toContain('Shard 0/2: 2 of 3 images: one, three');
    const second = await importShard(names, [], { EC2_IMAGE_SHARD: '1/2' });
    expect([second.exitCode, imagesOf(second)]).toEqual([0, ['two']]);
    const { images } = await account.contents();
    expect(images.map(({ Name }) => Name).toSorted()).toEqual(names.toSorted());
  });

  test('publish nothing, which one run of publish does afterwards', async ({
    importShard,
    account,
    workDirectory,
  }) => {
    const end = await importShard(['one'], ['--shard', '0/1']);
    expect(end.stderr).toContain('Shard 0/1: 1 of 1 images: one; publishes nothing');
    const [before] = (await account.contents()).images;
    expect([before?.Name, before?.DeprecationTime]).toEqual(['one', undefined]);
    const config = ['--config', join(workDirectory, 'ec2-image.yaml'), '--work-dir', workDirectory];
    const published = await runInProcess(['publish', ...config, '--endpoint-url', account.aws.url]);
    expect(published.exitCode, published.stderr).toBe(0);
    expect((await account.contents()).images).toMatchObject([{ DeprecationTime: expect.any(String) }]);
  });

  test('more of them than images leave some with nothing to do', async ({ importShard, account }) => {
    const end = await importShard(['one'], ['--shard', '7/8']);
    expect([end.exitCode, end.json()]).toEqual([0, { version: 1, images: [], next: '' }]);
    expect(account.aws.calls.list()).toEqual([]);
  });
});

describe('an engine of array jobs says which shard a run is', () => {
  test.for<[string, Record<string, string>, object]>([
    ['AWS Batch', { AWS_BATCH_JOB_ARRAY_INDEX: '3', AWS_BATCH_JOB_ARRAY_SIZE: '8' }, { index: 3, count: 8 }],
    [
      'Slurm',
      {
        SLURM_ARRAY_TASK_ID: '12',
        SLURM_ARRAY_TASK_MIN: '10',
        SLURM_ARRAY_TASK_MAX: '17',
        SLURM_ARRAY_TASK_COUNT: '8',
      },
      { index: 2, count: 8 },
    ],
    ['GitLab', { CI_NODE_INDEX: '8', CI_NODE_TOTAL: '8' }, { index: 7, count: 8 }],
  ])('%s', ([_, env, shard]) => {
    expect(engineShard(env)).toEqual(shard);
  });

  test('none does: all images', () => {
    expect(engineShard({})).toBeUndefined();
  });

  test('by its variables alone', async ({ importShard }) => {
    const end = await importShard(['one', 'two'], [], { CI_NODE_INDEX: '3', CI_NODE_TOTAL: '3' });
    expect([end.exitCode, imagesOf(end)]).toEqual([0, []]);
    expect(end.stderr).toContain('Shard 2/3: 0 of 2 images');
  });

  const slurm = { SLURM_ARRAY_TASK_ID: '4', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_MAX: '6' };
  test.for<[string, readonly string[], Record<string, string>, string, string]>([
    [
      'Kubernetes tells no count',
      [],
      { JOB_COMPLETION_INDEX: '3' },
      'SHARD_COUNT_UNKNOWN',
      '--shard "$JOB_COMPLETION_INDEX/N"',
    ],
    ['a Slurm array has gaps', [], { ...slurm, SLURM_ARRAY_TASK_COUNT: '4' }, 'SHARD_GAPS', '--array=0-3'],
    [
      'an index is not one of the array',
      [],
      { CI_NODE_INDEX: '0', CI_NODE_TOTAL: '3' },
      'BAD_OPTION',
      '--shard I/N',
    ],
    ['a variable is not a number', [], { JOB_COMPLETION_INDEX: 'x' }, 'BAD_OPTION', '--shard 0/1'],
    ['there is no such shard', ['--shard', '8/8'], {}, 'BAD_OPTION', ''],
    ['images are named, too', ['one', '--shard', '0/8'], {}, 'USAGE', 'not both'],
  ])('but %s', async ([_, more, env, code, hint], { importShard }) => {
    const end = await importShard(['one', 'two'], more, env);
    expect([end.exitCode, end.json()]).toMatchObject([2, { error: { code } }]);
    expect(end.json<{ error: { hint: string } }>().error.hint).toContain(hint);
  });

  test('and is not asked where the images are chosen already', async ({ importShard, account }) => {
    const end = await importShard(['one', 'two'], ['two'], { JOB_COMPLETION_INDEX: '3' });
    expect([end.exitCode, imagesOf(end)]).toEqual([0, ['two']]);
    expect((await account.contents()).images).toHaveLength(1);
  });
});
