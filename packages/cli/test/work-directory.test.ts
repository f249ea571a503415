import { basename, join } from 'node:path';
import { serveDirectory } from '@ec2-image/sample-image';
import { alterFilesBelow } from './support/alter-file.ts';
import { expect, testWith } from './support/fixtures.ts';
import { areEqualDisks, type Flags, type ImportDocument, importArgs } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { killRun, liftFaults } from './support/kill-run.ts';
import { type LocalFormat, makeLocalImages } from './support/local-images.ts';
import { startCli } from './support/run-cli.ts';
import { sampleOf, sampleSeed } from './support/sample.ts';

const test = testWith()
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('local', { scope: 'file' }, ({}) =>
    makeLocalImages({ sizeBytes: 32 * 2 ** 20, dataBytes: 20 * 2 ** 20 }),
  )
  .extend('server', { scope: 'file' }, async ({ local }, { onCleanup }) => {
    const server = await serveDirectory({ directory: local.directory });
    onCleanup(() => server.close());
    return server;
  })
  .extend(
    'argsOfLocal',
    ({ local, server, account, workDirectory }) =>
      async (format: LocalFormat, flags: Flags) => {
        const { path, sha256 } = await local.image(format);
        const url = `${server.url}/${basename(path)}`;
        return importArgs({ account, workDirectory, url, sha256, ...flags });
      },
  )
  /** Kills the import at this call, before it is acted on. */
  .extend('killAt', ({ account }) => async (operation: string, args: readonly string[]): Promise<void> => {
    const fault = account.aws.faults.add({ match: { operation }, action: { kind: 'hang' } });
    const run = startCli(args);
    const early = await Promise.race([fault.struck, run.ended]);
    expect(early && 'stderr' in early ? early.stderr : undefined).toBeUndefined();
    await killRun(run, account);
    await liftFaults(account);
  })
  .extend('expectRightDisk', ({ account, local }) => async (args: readonly string[]): Promise<void> => {
    const end = await runInProcess(args);
    const [result] = end.json<ImportDocument>().images;
    expect(end.exitCode, end.stderr).toBe(0);
    expect(await areEqualDisks(local.disk, account.snapshotPath(result!.snapshotId!))).toBe(true);
  });

const byS3: [LocalFormat, string, 'auto' | 'qemu-img', RegExp[]][] = [
  ['qcow2', 'vhdx', 'auto', [/\.upload$/, /-Test\.qcow2$/]],
  ['qcow2', 'vhdx', 'qemu-img', [/^disk\.vhdx$/, /\.upload$/, /-Test\.qcow2$/]],
  ['qcow2', 'raw', 'qemu-img', [/^disk\.raw$/, /\.upload$/, /-Test\.qcow2$/]],
  ['raw', 'raw', 'auto', [/-Test\.raw$/, /\.upload$/]],
  ['raw.xz', 'vhdx', 'auto', [/\.upload$/]],
  ['raw.gz', 'vhdx', 'auto', [/\.decompressed$/, /\.upload$/, /-Test\.raw\.gz$/]],
  ['raw.xz', 'vhdx', 'qemu-img', [/^disk\.vhdx$/, /\.decompressed$/, /\.upload$/, /-Test\.raw\.xz$/]],
  ['raw.gz', 'raw', 'auto', [/^disk\.raw$/, /\.upload$/, /-Test\.raw\.gz$/]],
  ['qcow2.gz', 'vmdk', 'auto', [/\.decompressed$/, /\.upload$/, /-Test\.qcow2\.gz$/]],
  ['qcow2', 'vmdk', 'qemu-img', [/^disk\.vmdk$/, /\.upload$/, /-Test\.qcow2$/]],
];

test.for(sampleOf(byS3, 1))(
  `of a %s on its way to S3 as %s (--converter %s), what a killed run left is proven before its use (EC2_IMAGE_SEED=${sampleSeed})`,
  async ([image, format, converter, names], { workDirectory, argsOfLocal, killAt, expectRightDisk }) => {
    const args = await argsOfLocal(image, { format, converter });
    await killAt('CompleteMultipartUpload', args);
    const altered = await alterFilesBelow(join(workDirectory, 'images'));
    for (const name of names) expect(altered).toContainEqual(expect.stringMatching(name));
    await expectRightDisk(args);
  },
);

test('a conversion does not read what a killed run decompressed', async ({
  workDirectory,
  argsOfLocal,
  killAt,
  expectRightDisk,
}) => {
  const args = await argsOfLocal('raw.gz', { format: 'vhdx' });
  await killAt('CompleteMultipartUpload', args);
  const images = join(workDirectory, 'images');
  expect(await alterFilesBelow(images)).toContainEqual(expect.stringMatching(/\.decompressed$/));
  await expectRightDisk(args);
});

/** With a map of its own an image leaves out what is past its end; the others write a whole volume, and again. */
const byEbs: [LocalFormat, boolean, RegExp[]][] = [
  ['qcow2', false, [/^blocks\.journal$/, /-Test\.qcow2$/]],
  ['raw', false, [/^blocks\.journal$/, /-Test\.raw$/]],
  ['raw.xz', false, [/^blocks\.journal$/]],
  ['raw.xz', true, [/^blocks\.journal$/, /-Test\.raw\.xz$/]],
  ['raw.gz', true, [/^blocks\.journal$/, /\.decompressed$/, /-Test\.raw\.gz$/]],
  ['qcow2.gz', false, [/^blocks\.journal$/, /\.decompressed$/, /-Test\.qcow2\.gz$/]],
];

test.for(sampleOf(byEbs, 1))(
  `of a %s written by EBS direct (--keep-files: %s), what a killed run left is proven before its use (EC2_IMAGE_SEED=${sampleSeed})`,
  async ([image, keepFiles, names], { workDirectory, argsOfLocal, killAt, expectRightDisk }) => {
    const args = await argsOfLocal(image, {
      via: 'ebs',
      bucket: undefined,
      'keep-files': keepFiles,
      'omit-holes': true,
    });
    await killAt('CompleteSnapshot', args);
    const altered = await alterFilesBelow(join(workDirectory, 'images'));
    for (const name of names) expect(altered).toContainEqual(expect.stringMatching(name));
    await expectRightDisk(args);
  },
);
