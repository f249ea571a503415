import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { constants, crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import { convertImage, inspectImage, inspectStream } from '@ec2-image/convert';
import { bufferSource } from '@ec2-image/image-headers';
import { makeDenseQcow2 } from '@ec2-image/sample-image';
import { afterEach, describe, expect, test } from 'vitest';
import { blockDevice } from '../src/qemu/block-device.ts';
import {
  compressed,
  compressFile,
  makeRawDisk,
  mib,
  qemuImg,
  run,
  temporaryDirectory,
} from './support/disk.ts';

const secretText = 'the content of a file that the image must not reach\n';

describe('an image that would make qemu-img open another file', () => {
  /** The directory, with a file in it that nothing may read. */
  async function setUp() {
    const directory = await temporaryDirectory();
    const secret = join(directory, 'secret');
    await writeFile(secret, secretText.repeat(40));
    return { directory, secret, image: join(directory, 'image.qcow2'), output: join(directory, 'out.raw') };
  }
  const textVmdk = (secret: string) =>
    `# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 4 FLAT "${secret}" 0\n`;

  test('a VMDK descriptor that names a host file leaks it through a bare qemu-img, and is refused here', async () => {
    const { secret, image, output } = await setUp();
    await writeFile(image, textVmdk(secret));
    await qemuImg('convert', '-f', 'vmdk', '-O', 'raw', image, output);
    expect(await readFile(output, 'latin1')).toContain(secretText);
    await expect(inspectImage({ path: image })).rejects.toMatchObject({ code: 'VMDK_NOT_SELF_CONTAINED' });
  });

  test('a VMDK extent of capacity 0 makes QEMU follow its descriptor, and is refused here', async () => {
    const { secret, image, output } = await setUp();
    const file = Buffer.alloc(512 * 64);
    file.write('KDMV', 'latin1');
    file.writeUInt32LE(1, 4);
    file.writeBigUInt64LE(128n, 20);
    file.writeBigUInt64LE(1n, 28);
    file.writeBigUInt64LE(20n, 36);
    file.writeUInt32LE(512, 44);
    file.write('\n \r\n', 73);
    file.write(textVmdk(secret), 512);
    await writeFile(image, file);
    await qemuImg('convert', '-f', 'vmdk', '-O', 'raw', image, output);
    expect(await readFile(output, 'latin1')).toContain(secretText);
    await expect(inspectImage({ path: image })).rejects.toMatchObject({ code: 'VMDK_NOT_SELF_CONTAINED' });
  });

  test('a backing file leaks through a bare qemu-img; it is refused here, and would not be opened either', async () => {
    const { secret, image, output } = await setUp();
    await qemuImg('create', '-f', 'qcow2', '-b', secret, '-F', 'raw', image, '4096');
    await qemuImg('convert', '-f', 'qcow2', '-O', 'raw', image, output);
    expect(await readFile(output, 'latin1')).toContain(secretText);
    await expect(inspectImage({ path: image })).rejects.toMatchObject({
      code: 'BACKING_FILE',
      message: expect.stringContaining(secret),
    });
    await qemuImg('convert', '-O', 'raw', await blockDevice({ path: image, format: 'qcow2' }), output);
    expect((await readFile(output)).equals(Buffer.alloc(4096))).toBe(true);
  });

  test('an external data file is refused', async () => {
    const { directory, image } = await setUp();
    await qemuImg('create', '-f', 'qcow2', '-o', `data_file=${join(directory, 'data')}`, image, '1M');
    await expect(inspectImage({ path: image })).rejects.toMatchObject({ code: 'EXTERNAL_DATA_FILE' });
  });

  test.each(['qcow2.gz', 'vmdk.gz'])(
    'the same inside %s is refused once it is decompressed',
    async (kind) => {
      const { directory, secret, output } = await setUp();
      const inner = join(directory, 'inner');
      if (kind.startsWith('qcow2'))
        await qemuImg('create', '-f', 'qcow2', '-b', secret, '-F', 'raw', inner, '4096');
      else {
        await qemuImg('create', '-f', 'vmdk', `${inner}.base`, '1M');
        await qemuImg('create', '-f', 'vmdk', '-b', `${inner}.base`, '-F', 'vmdk', inner);
      }
      const image = join(directory, kind);
      await compressFile('gzip', inner, image);
      const code = kind.startsWith('qcow2') ? 'BACKING_FILE' : 'DIFFERENCING_DISK';
      await expect(convertImage({ image: { path: image }, format: 'raw', output })).rejects.toMatchObject({
        code,
      });
      expect((await readdir(directory)).filter((name) => name.startsWith('out'))).toEqual([]);
    },
  );
});

describe('before any qemu tool runs', () => {
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
  });

  test('what is refused, is refused', async () => {
    const directory = await temporaryDirectory();
    const bin = join(directory, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'qemu-img'), `#!/bin/sh\ntouch ${directory}/qemu-img-ran\n`);
    await chmod(join(bin, 'qemu-img'), 0o755);
    const image = join(directory, 'image');
    await qemuImg('create', '-f', 'qcow2', '-u', '-b', '/etc/passwd', '-F', 'raw', image, '1M');
    const dense = join(directory, 'dense.qcow2');
    await makeDenseQcow2({ path: dense, sizeBytes: 16 * 2 ** 40, clusters: 'subclusters' });
    process.env.PATH = `${bin}:${path}`;
    const html = join(directory, 'page.qcow2');
    await writeFile(html, '<!DOCTYPE html><html></html>');

    await expect(inspectImage({ path: image })).rejects.toMatchObject({ code: 'BACKING_FILE' });
    await expect(inspectImage({ path: html })).rejects.toMatchObject({ code: 'HTML_PAGE' });
    await expect(inspectImage({ path: dense })).rejects.toMatchObject({ code: 'DISK_TOO_LARGE' });
    expect(await readdir(directory)).not.toContain('qemu-img-ran');
  });

  test('a file name is never a protocol, an option or a shell command', async () => {
    const directory = await temporaryDirectory();
    const before = process.cwd();
    for (const name of [
      'nbd:localhost:1',
      'json:{}',
      '-O',
      'a,b=c',
      'x y"z\'$(touch pwned)\n',
      'driver=raw',
    ]) {
      const file = resolve(directory, name);
      await makeRawDisk(join(directory, 'disk.raw'), { size: 4 * mib, random: 4096 });
      await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', join(directory, 'disk.raw'), file);
      process.chdir(directory);
      const disk = await convertImage({
        image: { path: name },
        format: 'vhdx',
        output: `out of ${name}`,
      }).finally(() => process.chdir(before));
      expect(disk).toMatchObject({ path: resolve(directory, `out of ${name}`), virtualSize: 4 * mib });
    }
    expect(await readdir(directory)).not.toContain('pwned');
  });
});

describe('sizes', () => {
  test('a limit is one of data, whatever the size of the disk and the format', async () => {
    const directory = await temporaryDirectory();
    const raw = join(directory, 'disk.raw');
    await makeRawDisk(raw, { size: 100 * 1024 * mib, random: 3 * mib });
    const images = [raw];
    for (const format of ['qcow2', 'vhdx', 'vmdk', 'vpc']) {
      const image = join(directory, `disk.${format}`);
      const exact = format === 'vpc' ? ['-o', 'force_size=on'] : [];
      await qemuImg('convert', '-f', 'raw', '-O', format, ...exact, raw, image);
      await expect(inspectImage({ path: image, maxDiskSize: 2 * mib }), format).rejects.toMatchObject({
        code: 'DISK_TOO_LARGE',
        maxDiskSize: 2 * mib,
      });
      images.push(image);
    }
    for (const path of images) {
      // qemu's VHDX has blocks of 32 MiB at this size.
      const facts = await inspectImage({ path, maxDiskSize: 192 * mib });
      expect(facts.virtualSize, path).toBe(100 * 1024 * mib);
    }
  });

  test('a disk of exabytes is refused', async () => {
    const path = join(await temporaryDirectory(), 'image.qcow2');
    await qemuImg('create', '-f', 'qcow2', path, '1G');
    const header = await readFile(path);
    header.writeBigUInt64BE(2n ** 62n, 24);
    await writeFile(path, header);
    await expect(inspectImage({ path })).rejects.toMatchObject({ code: 'DISK_TOO_LARGE' });
  });

  test('a raw disk cut short in the middle of its last partition', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'disk.raw');
    await makeRawDisk(path, { size: 8 * mib });
    const partitioning = run('sfdisk', ['--quiet', path]);
    partitioning.child.stdin!.end('label: gpt\nstart=2048, size=8192\n');
    await partitioning;
    expect(await inspectImage({ path })).toMatchObject({ partitionTable: 'gpt' });
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, 4 * mib));
    await expect(inspectImage({ path })).rejects.toMatchObject({
      code: 'PARTITION_BEYOND_DISK',
      endBytes: 8 * mib,
      virtualSize: 4 * mib,
    });
  });
});

describe('what is not bootable', () => {
  test('is refused in every format, and taken when asked, with a word', async () => {
    const directory = await temporaryDirectory();
    const raw = join(directory, 'disk.raw');
    await makeRawDisk(raw, { bootable: false });
    await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, join(directory, 'disk.qcow2'));
    await compressFile('zstd', raw, join(directory, 'disk.raw.zst'));
    for (const name of ['disk.raw', 'disk.qcow2', 'disk.raw.zst']) {
      const path = join(directory, name);
      await expect(inspectImage({ path })).rejects.toMatchObject({ code: 'NOT_BOOTABLE' });
      const notices: string[] = [];
      const facts = await inspectImage({
        path,
        allowUnbootable: true,
        onNotice: (notice) => notices.push(notice),
      });
      expect(facts.partitionTable).toBe('none');
      expect(notices).toEqual([expect.stringContaining('neither a GPT, nor an MBR')]);
    }
  });
});

describe('a GPT as sfdisk makes it', () => {
  async function gptDisk(script: string) {
    const path = join(await temporaryDirectory(), 'disk.raw');
    await makeRawDisk(path, { size: 8 * mib });
    await sfdisk(path, script);
    return path;
  }
  async function sfdisk(path: string, script: string) {
    const partitioning = run('sfdisk', ['--quiet', path]);
    partitioning.child.stdin!.end(script);
    await partitioning;
  }

  test('damaged, with a good backup: the error says so, and its hint repairs it', async () => {
    const path = await gptDisk('label: gpt\nstart=2048, size=8192\n');
    const disk = await readFile(path);
    disk.fill(0, 512, 1024);
    await writeFile(path, disk);
    const qcow2 = `${path}.qcow2`;
    await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', path, qcow2);
    for (const damaged of [path, qcow2]) {
      await expect(inspectImage({ path: damaged })).rejects.toMatchObject({
        code: 'GPT_DAMAGED',
        hint: expect.stringContaining('`echo write | sfdisk COPY`'),
      });
      const notices: string[] = [];
      const onNotice = (message: string) => notices.push(message);
      expect(await inspectImage({ path: damaged, allowUnbootable: true, onNotice })).toMatchObject({
        partitionTable: 'gpt',
      });
      expect(notices).toEqual([expect.stringContaining('its backup at the end of the disk is whole')]);
    }
    await sfdisk(path, 'write\n');
    expect(await inspectImage({ path })).toMatchObject({ partitionTable: 'gpt' });
  });

  test('in a stream of zstd: the size of the first frame is believed where all that the GPT describes is in it', async () => {
    const disk = await readFile(await gptDisk('label: gpt\nstart=2048, size=8192\n'));
    const sizeOf = async (...frames: Buffer[]) => {
      const file = Buffer.concat(frames);
      const source = bufferSource(file);
      return (await inspectStream({ source, chunks: () => Readable.from([file]) }))!.virtualSize;
    };
    expect(await sizeOf(zstdCompressSync(disk))).toBe(8 * mib);
    const unsaid = { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } };
    expect(await sizeOf(zstdCompressSync(disk, unsaid))).toBeUndefined();
    for (const at of [1024, 4 * mib, 8 * mib - 512]) {
      const frames = [disk.subarray(0, at), disk.subarray(at)].map((bytes) => zstdCompressSync(bytes));
      expect(await sizeOf(...frames), String(at)).toBeUndefined();
    }
  });

  test('with its entries behind the first MiB', async () => {
    const path = await gptDisk('label: gpt\ntable-length: 128\nfirst-lba: 8192\nstart=8192, size=4096\n');
    const disk = await readFile(path);
    // sfdisk itself always puts them into sector 2.
    disk.copy(disk, 4096 * 512, 1024, 1024 + 128 * 128);
    disk.fill(0, 1024, 1024 + 128 * 128);
    disk.writeBigUInt64LE(4096n, 512 + 72);
    disk.writeUInt32LE(0, 512 + 16);
    disk.writeUInt32LE(crc32(disk.subarray(512, 512 + disk.readUInt32LE(512 + 12))), 512 + 16);
    await writeFile(path, disk);
    const qcow2 = `${path}.qcow2`;
    await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', path, qcow2);
    for (const image of [path, qcow2]) {
      expect(await inspectImage({ path: image })).toMatchObject({ partitionTable: 'gpt' });
    }
    await compressFile('zstd', path, `${path}.zst`);
    const notices: string[] = [];
    const onNotice = (message: string) => notices.push(message);
    expect(await inspectImage({ path: `${path}.zst`, onNotice })).toMatchObject({ partitionTable: 'gpt' });
    expect(notices).toEqual([expect.stringContaining('the partitions are not checked')]);
  });
});

describe('what cannot be read', () => {
  test.each([
    ['a directory', (directory: string) => directory],
    ['a file that is not there', (directory: string) => join(directory, 'gone')],
    ['a device', () => '/dev/zero'],
    ['a link to nothing', (directory: string) => join(directory, 'dangling')],
  ])('%s', async (_, pathIn) => {
    const directory = await temporaryDirectory();
    await symlink('/nowhere', join(directory, 'dangling'));
    await expect(inspectImage({ path: pathIn(directory) })).rejects.toMatchObject({
      code: 'IMAGE_NOT_READABLE',
    });
  });
});

describe('inside a compressed file', () => {
  const inside: readonly [string, Buffer, string][] = [
    ['nothing', Buffer.alloc(0), 'NO_DISK_INSIDE'],
    ['less than a sector', Buffer.from([0, 1, 2, 3]), 'NO_DISK_INSIDE'],
    ['an HTML page', Buffer.from(`<!DOCTYPE html>${' '.repeat(2000)}`), 'NO_DISK_INSIDE'],
    ['a text', Buffer.from('no disk at all\n'.repeat(100)), 'NO_DISK_INSIDE'],
    [
      'what begins as a tar archive and is not one',
      Buffer.concat([Buffer.alloc(257), Buffer.from('ustar'), Buffer.alloc(4096)]),
      'CORRUPT_ARCHIVE',
    ],
    ['a VMDK descriptor', Buffer.from(`# Disk DescriptorFile\n${'#\n'.repeat(400)}`), 'NO_DISK_INSIDE'],
    [
      'a gzip file',
      gzipSync(Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i) % 251))),
      'NESTED_COMPRESSION',
    ],
    ['zeros', Buffer.alloc(2 * mib), 'NOT_BOOTABLE'],
  ];
  test.each(inside)('%s', async (_, content, code) => {
    const directory = await temporaryDirectory();
    for (const program of ['gzip', 'xz', 'zstd'] as const) {
      const path = join(directory, program);
      await writeFile(path, await compressed(program, content));
      await expect(inspectImage({ path })).rejects.toMatchObject({ code });
    }
  });
});
