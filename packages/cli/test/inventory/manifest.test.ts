import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createManifestFile } from '../../src/manifest/manifest-file.ts';
import { describe, expect, testWith } from '../support/fixtures.ts';
import { type ImportDocument, importArgs } from '../support/import.ts';
import { runInProcess } from '../support/in-process.ts';

const test = testWith({
  disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 1024, boot: { bios: true } },
  account: { conditions: 'adverse' },
});

interface Manifest {
  readonly complete: boolean;
  readonly images: readonly unknown[];
}

const result = (name: string, imageId: string | null) => ({
  name,
  amiName: `${name}-i1`,
  architecture: 'x86_64',
  outcome: imageId === null ? ('failed' as const) : ('imported' as const),
  region: 'us-east-1',
  imageId,
  snapshotId: imageId && 'snap-0a',
  regions: [],
  source: { url: 'https://example.org/a.qcow2', digest: `sha256:${'0'.repeat(64)}` },
});

describe('--manifest', () => {
  test('holds the AMIs of a run, failures included, and is complete at its end', async ({
    account,
    images,
    workDirectory,
  }) => {
    const [config, manifest] = ['ec2-image.yaml', 'manifest.json'].map((name) => join(workDirectory, name));
    const [url, checksumUrl] = [images.url('qcow2'), images.checksumUrl];
    await writeFile(
      config!,
      `manifest: manifest.json
images:
  good: { url: "${url}", checksum-url: "${checksumUrl}", arch: x86_64, suffix: 1 }
  bad: { url: "${url}", sha256: ${'0'.repeat(64)}, arch: x86_64 }
`,
    );
    const args = importArgs({ account, workDirectory, name: undefined, arch: undefined, config });
    const run = await runInProcess(args);
    expect(run.exitCode, run.stderr).toBe(1);
    const [good] = run.json<ImportDocument>().images;
    const { imageId, snapshotId, source } = good!;
    const written = JSON.parse(await readFile(manifest!, 'utf8')) as Manifest;
    expect(written).toMatchObject({ version: 1, complete: true });
    expect(written.images).toHaveLength(2);
    expect(written.images).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'good',
          amiName: 'good-i1',
          architecture: 'x86_64',
          outcome: 'imported',
          source: { url: source.url, digest: source.digest },
          amis: { 'us-east-1': { imageId, snapshotId } },
        }),
        expect.objectContaining({ name: 'bad', outcome: 'failed', amis: {} }),
      ]),
    );

    const packer = await runInProcess([...args, '--manifest-format', 'packer', 'good']);
    expect(packer.exitCode, packer.stderr).toBe(0);
    const { builds, last_run_uuid } = JSON.parse(await readFile(manifest!, 'utf8'));
    expect(builds).toEqual([
      {
        name: 'good',
        builder_type: 'ec2-image',
        build_time: expect.any(Number),
        files: null,
        artifact_id: `us-east-1:${imageId}`,
        packer_run_uuid: last_run_uuid,
        custom_data: {
          ami_name: 'good-i1',
          architecture: 'x86_64',
          source_url: source.url,
          source_digest: source.digest,
        },
      },
    ]);
  });

  test('a directory that does not exist is told before anything is done', async ({ account, argsOf }) => {
    const run = await runInProcess(argsOf({ manifest: '/nowhere/at/all/manifest.json' }));
    expect([run.exitCode, run.stdout]).toEqual([2, expect.stringContaining('OUTPUT_FILE')]);
    expect(account.aws.calls.list()).toEqual([]);
  });

  test('is written with each image that ends, in order, and not again after a failure', async () => {
    const texts: string[] = [];
    const file = createManifestFile({
      format: 'json',
      write: async (text) => {
        texts.push(text);
        return true;
      },
    });
    file.add(result('one', 'ami-1'));
    file.add(result('two', null));
    expect(await file.finish()).toBe(true);
    const seen = texts.map((text) => JSON.parse(text) as Manifest);
    expect(seen.map(({ images, complete }) => [images.length, complete])).toEqual([
      [1, false],
      [2, false],
      [2, true],
    ]);

    let attempts = 0;
    const full = createManifestFile({ format: 'packer', write: async () => attempts++ > 1 });
    full.add(result('one', 'ami-1'));
    full.add(result('two', 'ami-2'));
    expect([await full.finish(), attempts]).toEqual([false, 1]);
  });
});
