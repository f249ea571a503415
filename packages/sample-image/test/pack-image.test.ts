import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type ImageFormat, makeSampleDisk, packImage } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { mebibyte, scratchDirectory } from './scratch.ts';

async function sampleDisk() {
  const directory = await scratchDirectory();
  const disk = await makeSampleDisk({ path: join(directory, 'disk.raw'), sizeBytes: 24 * mebibyte });
  return { directory, disk };
}

/** The disk format that qemu-img knows each by. */
const diskFormats: [ImageFormat, string][] = [
  ['raw', 'raw'],
  ['qcow2', 'qcow2'],
  ['vmdk', 'vmdk'],
  ['vhd', 'vpc'],
  ['vhdx', 'vhdx'],
];

describe.each(diskFormats)('%s', (format, qemuFormat) => {
  test('holds the same disk', async () => {
    const { directory, disk } = await sampleDisk();
    const image = await packImage({ disk, format, output: join(directory, `image.${format}`) });
    expect(image).toMatchObject({ format, sizeBytes: (await stat(image.path)).size });
    const { stdout: info } = await execa('qemu-img', ['info', '--output=json', '-f', qemuFormat, image.path]);
    expect(JSON.parse(info)['virtual-size']).toBe(disk.sizeBytes);
    // Exit code 1 would say that they differ.
    await execa('qemu-img', ['compare', '-f', 'raw', '-F', qemuFormat, disk.path, image.path]);
  });
});

const unpack: [ImageFormat, (path: string) => Promise<Buffer>][] = [
  ['raw.xz', async (path) => Buffer.from((await execa('xz', ['-dc', path], { encoding: 'buffer' })).stdout)],
  ['raw.gz', async (path) => collect(createGunzip(), await readFile(path))],
  ['raw.zst', async (path) => collect(createZstdDecompress(), await readFile(path))],
];

describe.each(unpack)('%s', (format, unpacked) => {
  test('unpacks to the same disk', async () => {
    const { directory, disk } = await sampleDisk();
    const image = await packImage({ disk, format, output: join(directory, `image.${format}`) });
    expect((await unpacked(image.path)).equals(await readFile(disk.path))).toBe(true);
    expect(image.sizeBytes).toBeLessThan(8 * mebibyte);
  });

  test('an abort leaves nothing under the final name, nor beside it', async () => {
    const { directory, disk } = await sampleDisk();
    const controller = new AbortController();
    const packing = packImage({ disk, format, output: join(directory, 'image'), signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(packing).rejects.toBe(reason);
    expect(await readdir(directory)).toEqual(['disk.raw']);
  });
});

async function collect(stream: NodeJS.ReadWriteStream, input: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.end(input);
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
