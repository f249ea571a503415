import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileSource, type ImageFormat, type ImageHeader, readImageHeader } from '@ec2-image/image-headers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildQcow2 } from './build/qcow2.ts';
import { buildVhd } from './build/vhd.ts';
import { buildVhdx } from './build/vhdx.ts';
import { buildVmdk, descriptorOf } from './build/vmdk.ts';

const run = promisify(execFile);
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'image-headers-'));
});
afterAll(() => rm(directory, { recursive: true }));

const driver = (format: ImageFormat) => (format === 'vhd' ? 'vpc' : format);

async function sizeByQemu(path: string, { format, vhdSizeRule }: ImageHeader): Promise<number> {
  const options = {
    driver: driver(format),
    ...(vhdSizeRule && { force_size_calc: vhdSizeRule }),
    file: { driver: 'file', filename: path },
  };
  const { stdout } = await run('qemu-img', ['info', '--output=json', `json:${JSON.stringify(options)}`]);
  return (JSON.parse(stdout) as { 'virtual-size': number })['virtual-size'];
}

async function readHeader(path: string) {
  const handle = await open(path);
  try {
    return await readImageHeader(fileSource(handle, (await handle.stat()).size));
  } finally {
    await handle.close();
  }
}

describe('images that qemu-img makes', () => {
  const variants: readonly [ImageFormat, string][] = [
    ['raw', ''],
    ['qcow2', ''],
    ['qcow2', 'compat=0.10'],
    ['qcow2', 'extended_l2=on'],
    ['qcow2', 'cluster_size=2M'],
    ['qcow2', 'cluster_size=512'],
    ['qcow2', 'preallocation=metadata'],
    ['qcow2', 'lazy_refcounts=on,refcount_bits=1'],
    ['qcow2', 'compression_type=zstd'],
    ['vmdk', 'subformat=monolithicSparse'],
    ['vmdk', 'subformat=streamOptimized'],
    ['vhd', 'subformat=dynamic'],
    ['vhd', 'subformat=dynamic,force_size=on'],
    ['vhd', 'subformat=fixed'],
    ['vhdx', 'subformat=dynamic'],
    ['vhdx', 'subformat=fixed'],
  ];
  test.each(variants)(
    '%s %s: the size that qemu-img says, at sizes round and odd',
    async (format, options) => {
      for (const size of [1024 ** 2, 33 * 1024 ** 2 + 512]) {
        const path = join(directory, `${format}-${options.replaceAll(/\W/g, '-')}-${size}`);
        await run('qemu-img', [
          'create',
          '-f',
          driver(format),
          ...(options ? ['-o', options] : []),
          path,
          `${size}`,
        ]);
        const header = await readHeader(path);
        expect(header).toMatchObject({ format, virtualSize: await sizeByQemu(path, header) });
      }
    },
  );
});

test.each<ImageFormat>(['raw', 'qcow2', 'vhdx'])(
  '%s above 2 TiB, where 32 bits do not count the sectors: the size that qemu-img says',
  async (format) => {
    for (const size of [2 ** 41, 2 ** 41 + 512, 9 * 2 ** 40]) {
      const path = join(directory, `large-${format}`);
      await run('qemu-img', ['create', '-f', format, path, `${size}`]);
      const header = await readHeader(path);
      expect(header).toMatchObject({ format, virtualSize: size });
      expect(await sizeByQemu(path, header)).toBe(size);
      await rm(path);
    }
  },
);

/** What the other tests change one thing of is sound: it would be refused for nothing else. */
test.each<[ImageFormat, string, Buffer]>([
  ['qcow2', 'version 3', buildQcow2()],
  ['qcow2', 'version 2', buildQcow2({ version: 2 })],
  ['vmdk', 'monolithicSparse', buildVmdk()],
  [
    'vmdk',
    'with a footer',
    buildVmdk({ footer: {}, descriptor: descriptorOf({ createType: 'streamOptimized' }), compression: 1 }),
  ],
  ['vhd', 'dynamic', buildVhd()],
  ['vhd', 'sized by geometry', buildVhd({ creator: 'vpc ', geometry: [240, 4, 17] })],
  ['vhd', 'sized by the largest geometry', buildVhd({ creator: 'vpc ' })],
  ['vhd', 'from Azure', buildVhd({ creator: 'wa\0\0', geometry: [240, 4, 17] })],
  ['vhd', 'of a size of no whole sectors', buildVhd({ creator: 'vbox', currentSize: 8n * 1024n ** 2n - 1n })],
  ['vhd', 'fixed', buildVhd({ kind: 'fixed' })],
  ['vhd', 'fixed, sized by geometry', buildVhd({ kind: 'fixed', creator: 'qemu', geometry: [240, 4, 17] })],
  ['vhd', 'fixed, from VirtualBox', buildVhd({ kind: 'fixed', creator: 'vbox', geometry: [240, 4, 17] })],
  ['vhdx', 'dynamic', buildVhdx()],
])('an image by hand, %s %s, is one to qemu-img too', async (format, name, image) => {
  const path = join(directory, `by-hand-${format}-${name.replaceAll(' ', '-')}`);
  await writeFile(path, image);
  const header = await readHeader(path);
  expect(header).toMatchObject({ format, virtualSize: await sizeByQemu(path, header) });
});
