import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, testWith } from './support/fixtures.ts';
import { areEqualDisks } from './support/import.ts';
import { sampleOf, sampleSeed } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const zipProgram = `
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as archive: archive.write(sys.argv[2], 'disk.raw')
`;

/** Each packs `disk.raw` of a directory into a file. */
const packings: readonly (readonly [
  name: string,
  pack: (directory: string, output: string) => Promise<unknown>,
])[] = [
  [
    'disk.raw.bz2',
    (directory, output) => execa('sh', ['-c', 'bzip2 <"$0" >"$1"', join(directory, 'disk.raw'), output]),
  ],
  [
    'disk.tar.gz',
    (directory, output) =>
      execa('tar', ['-C', directory, '--format=oldgnu', '-S', '-czf', output, 'disk.raw']),
  ],
  ['disk.tar.xz', (directory, output) => execa('tar', ['-C', directory, '-cJf', output, 'disk.raw'])],
  [
    'disk.tar.zst',
    (directory, output) => execa('tar', ['-C', directory, '--zstd', '-cf', output, 'disk.raw']),
  ],
  [
    'disk.zip',
    (directory, output) => execa('python3', ['-c', zipProgram, output, join(directory, 'disk.raw')]),
  ],
  [
    'disk.ova',
    async (directory, output) => {
      const vmdk = join(directory, 'disk1.vmdk');
      const options = ['-o', 'subformat=streamOptimized', join(directory, 'disk.raw'), vmdk];
      await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', ...options]);
      const digest = createHash('sha256')
        .update(await readFile(vmdk))
        .digest('hex');
      const manifest = `SHA256(disk1.vmdk)= ${digest}\n`;
      const script =
        'cd "$0"; echo "<Envelope/>" >box.ovf; printf "%s" "$2" >box.mf; tar -cf "$1" box.ovf box.mf disk1.vmdk';
      await execa('sh', ['-c', script, directory, output, manifest]);
    },
  ],
];

const test = testWith({ formats: ['raw'] });

/** By EBS a whole volume is written for each: one that is read as it comes, and one that is unpacked into a file. */
const byEbs = packings.filter(([name]) => name === 'disk.tar.gz' || name === 'disk.ova');

describe.each([
  ['s3', packings, 2],
  ['ebs', byEbs, 1],
] as const)('by %s, a packed image becomes a snapshot of the disk in it', (via, packed, size) => {
  const points = packed.flatMap(([name, pack]) =>
    ['auto', 'qemu-img'].map((converter) => ({ name, pack, converter })),
  );
  test.for(sampleOf(points, size))(
    `$name, converter $converter (EC2_IMAGE_SEED=${sampleSeed})`,
    async ({ name, pack, converter }, { images, account, runImport }) => {
      const directory = await temporaryDirectory('packed');
      await execa('cp', ['--sparse=always', images.disk, join(directory, 'disk.raw')]);
      const output = join(images.directory, `${via}-${converter}-${name}`);
      await pack(directory, output);
      const sha256 = createHash('sha256')
        .update(await readFile(output))
        .digest('hex');
      const url = `${images.server.url}/${basename(output)}`;
      const flags = { url, sha256, 'checksum-url': undefined, via, converter };
      const { exitCode, stderr, result } = await runImport(flags);
      expect(exitCode, stderr).toBe(0);
      expect(await areEqualDisks(images.disk, account.snapshotPath(result.snapshotId!))).toBe(true);
    },
  );
});
