import { chmod, mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareDisk, convertImage } from '@ec2-image/convert';
import { expect, onTestFinished, test } from 'vitest';
import {
  compressFile,
  expectSameDisk,
  makeRawDisk,
  mib,
  qemuImg,
  run,
  temporaryDirectory,
} from './support/disk.ts';

/** A qemu-img on the PATH that does everything but convert. */
async function refuseConvert(directory: string): Promise<void> {
  const path = process.env.PATH!;
  onTestFinished(() => {
    process.env.PATH = path;
  });
  const { stdout } = await run('which', ['qemu-img']);
  const bin = join(directory, 'bin');
  await mkdir(bin);
  const script = `#!/bin/sh\n[ "$1" != convert ] || { echo "not by qemu-img" >&2; exit 1; }\nexec ${stdout.trim()} "$@"\n`;
  await writeFile(join(bin, 'qemu-img'), script);
  await chmod(join(bin, 'qemu-img'), 0o755);
  process.env.PATH = `${bin}:${path}`;
}

async function setUp(disk: Parameters<typeof makeRawDisk>[1] = {}) {
  const directory = await temporaryDirectory();
  const [raw, image, output] = ['disk.raw', 'image', 'out'].map((name) => join(directory, name));
  await makeRawDisk(raw!, disk);
  const made = async () => (await readdir(directory)).filter((name) => name.startsWith('out'));
  return { directory, raw: raw!, image: image!, output: output!, made };
}

const drivers = { vhdx: 'vhdx', vhd: 'vpc', vmdk: 'vmdk', raw: 'raw' } as const;
const formats = ['vhdx', 'vhd', 'vmdk', 'raw'] as const;

test.each([
  ['qcow2', []],
  ['qcow2, compressed', ['-c']],
  ['qcow2, compressed by zstd', ['-c', '-o', 'compression_type=zstd']],
  ['qcow2, extended L2', ['-o', 'extended_l2=on']],
  ['qcow2, clusters of 4 KiB', ['-o', 'cluster_size=4k']],
  ['qcow2, clusters of 2 MiB', ['-c', '-o', 'cluster_size=2M']],
  ['qcow2, compat=0.10', ['-o', 'compat=0.10']],
] as const)('%s is converted without qemu-img, and is the same disk', async (_, args) => {
  const { directory, raw, image, output } = await setUp({ size: 20 * mib + 512, random: 2 * mib });
  await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', ...args, raw, image);
  await refuseConvert(directory);
  for (const format of formats) {
    const disk = await convertImage({ image: { path: image }, format, output });
    expect(disk).toMatchObject({ outcome: 'converted', virtualSize: 20 * mib + 512 });
    await expectSameDisk(output, drivers[format], raw);
  }
});

test('so is a sparse raw file, packed or not', async () => {
  const { directory, raw, image, output } = await setUp({ size: 20 * mib + 512 });
  await compressFile('xz', raw, image, '-0');
  await refuseConvert(directory);
  for (const path of [raw, image]) {
    await compareDisk({ disk: await convertImage({ image: { path }, format: 'vhdx', output }) });
    await expectSameDisk(output, 'vhdx', raw);
  }
});

test('the same digest makes the same file, and --converter qemu-img another one', async () => {
  const { raw, image: path, output } = await setUp();
  await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, path);
  const image = { path, digest: `sha256:${'5'.repeat(64)}` };
  const convert = async (converter?: 'qemu-img', digest = image.digest) => {
    await convertImage({ image: { path, digest }, format: 'vhdx', converter, output });
    return readFile(output);
  };
  const first = await convert();
  expect((await convert()).equals(first)).toBe(true);
  expect((await convert(undefined, `sha256:${'6'.repeat(64)}`)).equals(first)).toBe(false);
  const creator = (file: Buffer) => file.toString('utf16le', 8, 30);
  expect(creator(first)).toBe('ec2-image/1');
  expect(creator(await convert('qemu-img'))).toMatch(/^QEMU/);
});

test('zeros that fill a raw file without holes are left out', async () => {
  const { directory, image, output } = await setUp();
  const bytes = Buffer.alloc(40 * mib);
  bytes.writeUInt16BE(0x55aa, 510);
  bytes[450] = 0x83;
  bytes[458] = 1;
  await writeFile(image, bytes);
  await refuseConvert(directory);
  const disk = await convertImage({ image: { path: image }, format: 'vhdx', output });
  expect(disk.size).toBeLessThan(20 * mib);
  await compareDisk({ disk });
});

test('of a damaged image qemu-img tells what is wrong, and nothing is left', async () => {
  const { raw, image, output, made } = await setUp();
  const text = Array.from({ length: 100_000 }, (_, line) => `${line} squared is ${line * line}\n`).join('');
  await writeFile(raw, Buffer.concat([Buffer.from(text)], 12 * mib));
  await qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', raw, image);
  const file = await readFile(image);
  // Far behind what the inspection reads.
  const at = Math.floor(file.findLastIndex((byte) => byte !== 0) * 0.9);
  await writeFile(image, file.fill(0xff, at, at + 300));
  const notices: string[] = [];
  const converting = convertImage({
    image: { path: image },
    format: 'vhdx',
    output,
    allowUnbootable: true,
    onNotice: (message) => notices.push(message),
  });
  await expect(converting).rejects.toMatchObject({ code: 'CONVERSION_FAILED' });
  expect(notices.at(-1)).toMatch(/does not decompress.*; converting with qemu-img/);
  expect(await made()).toEqual([]);
});

test('an abort ends it, and leaves nothing', async () => {
  const { raw, image, output, made } = await setUp({ size: 64 * mib, random: 48 * mib });
  await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, image);
  const reason = new Error('interrupted');
  const controller = new AbortController();
  const seen: number[] = [];
  const converting = convertImage({
    image: { path: image },
    format: 'vhdx',
    output,
    signal: controller.signal,
    onProgress({ done }) {
      seen.push(done);
      if (done > 8 * mib) controller.abort(reason);
    },
  });
  await expect(converting).rejects.toBe(reason);
  expect(seen.at(-1)).toBeLessThan(32 * mib);
  expect(await made()).toEqual([]);
});

test('the file grows from front to back, with its head in place from the first', async () => {
  const { raw, image, output } = await setUp({ size: 64 * mib, random: 48 * mib });
  await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, image);
  const heads: Buffer[] = [];
  const sizes: number[] = [];
  const reads: Promise<void>[] = [];
  const headBytes = 8 * mib;
  await convertImage({
    image: { path: image },
    format: 'vhdx',
    output,
    onProgress() {
      reads.push(
        (async () => {
          await using handle = await open(`${output}.partial`).catch(() => open(output));
          const { size } = await handle.stat();
          if (size < headBytes) return;
          sizes.push(size);
          heads.push((await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)).buffer);
        })(),
      );
    },
  });
  await Promise.all(reads);
  const head = (await readFile(output)).subarray(0, headBytes);
  expect(Math.min(...sizes)).toBeLessThan((await stat(output)).size / 2);
  expect(heads.every((each) => each.equals(head))).toBe(true);
});
