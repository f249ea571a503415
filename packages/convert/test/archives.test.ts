import { createHash, randomBytes } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertImage, inspectImage, unpack } from '@ec2-image/convert';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  compressFile,
  expectSameDisk,
  makeRawDisk,
  mib,
  qemuImg,
  run,
  temporaryDirectory,
} from './support/disk.ts';

let directoryOfAll: string;
let raw: string;
beforeAll(async () => {
  directoryOfAll = await mkdtemp(join(tmpdir(), 'convert-test-'));
  raw = join(directoryOfAll, 'disk.raw');
  await makeRawDisk(raw, { size: 24 * mib, random: 2 * mib });
});
afterAll(() => rm(directoryOfAll, { recursive: true }));

/** A directory with the raw disk under that name, and a few files beside it. */
async function unpackedDirectory(name = 'disk.raw'): Promise<string> {
  const directory = await temporaryDirectory();
  await run('cp', ['--sparse=always', raw, join(directory, name)]);
  await writeFile(join(directory, 'README'), 'Read me first\n');
  return directory;
}

async function tar(directory: string, options: readonly string[], ...names: string[]): Promise<string> {
  const path = join(await temporaryDirectory(), 'image.tar');
  await run('tar', ['--create', '--file', path, '--directory', directory, ...options, '--', ...names]);
  return path;
}

async function zip(directory: string, options: string, ...names: string[]): Promise<string> {
  const path = join(await temporaryDirectory(), 'image.zip');
  const program = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', ${options}) as archive:
    for name in sys.argv[3:]:
        with archive.open(zipfile.ZipInfo.from_file(sys.argv[2] + '/' + name, name), 'w', force_zip64=True) as out:
            out.write(open(sys.argv[2] + '/' + name, 'rb').read())
`;
  await run('python3', ['-c', program, path, directory, ...names]);
  return path;
}

async function expectImports(path: string, size?: number) {
  const facts = await inspectImage({ path });
  if (facts.format === 'raw')
    expect(facts).toMatchObject({ virtualSize: size ?? 24 * mib, partitionTable: 'mbr' });
  const directory = await temporaryDirectory();
  const output = join(directory, 'out.vhdx');
  const { source } = await convertImage({ image: { path }, format: 'vhdx', output });
  await expectSameDisk(output, 'vhdx', raw);
  await rm(source.path);
  expect(await readdir(directory)).toEqual(['out.vhdx']);
}

describe('an archive with one disk', () => {
  test.each([
    ['ustar', ['--format=ustar']],
    ['gnu', ['--format=gnu']],
    ['oldgnu, sparse, as for Google Compute Engine', ['--format=oldgnu', '--sparse']],
    ['gnu, sparse', ['--format=gnu', '--sparse']],
    ['pax', ['--format=posix']],
    ['pax, sparse 0.0', ['--format=posix', '--sparse', '--sparse-version=0.0']],
    ['pax, sparse 0.1', ['--format=posix', '--sparse', '--sparse-version=0.1']],
    ['pax, sparse 1.0', ['--format=posix', '--sparse', '--sparse-version=1.0']],
  ])('tar, %s', async (_, options) => {
    const directory = await unpackedDirectory();
    await mkdir(join(directory, 'd'));
    const path = await tar(directory, options, 'd', 'README', 'disk.raw');
    await expectImports(path);
  });

  test.each(['gzip', 'xz', 'zstd', 'bzip2'] as const)('tar, compressed with %s', async (program) => {
    const path = await tar(await unpackedDirectory(), ['--sparse'], 'disk.raw', 'README');
    await compressFile(program, path, `${path}.packed`);
    await expectImports(`${path}.packed`);
  });

  test.each([
    ['deflated', 'zipfile.ZIP_DEFLATED'],
    ['stored', 'zipfile.ZIP_STORED'],
  ])('zip, %s, with ZIP64 fields', async (_, method) => {
    await expectImports(await zip(await unpackedDirectory(), method, 'README', 'disk.raw'));
  });

  test('under a name longer than a header has room for, and deep in directories', async () => {
    const directory = await temporaryDirectory();
    const name = `${'directory/'.repeat(12)}${'disk-'.repeat(30)}.raw`;
    await mkdir(join(directory, 'directory/'.repeat(12)), { recursive: true });
    await run('cp', [raw, join(directory, name)]);
    for (const format of ['gnu', 'posix'])
      await expectImports(await tar(directory, [`--format=${format}`], name));
  });

  test.each(['qcow2', 'vmdk', 'vhdx'])('of the format %s, whatever its name', async (format) => {
    const directory = await temporaryDirectory();
    await qemuImg('convert', '-f', 'raw', '-O', format, raw, join(directory, 'payload'));
    await writeFile(join(directory, 'notes.bin'), randomBytes(100));
    const path = await tar(directory, [], 'notes.bin', 'payload');
    expect(await inspectImage({ path })).toMatchObject({ format, packing: { archive: 'tar' } });
    await expectImports(path);
  });

  test.each([
    ['SHA256', 'behind the descriptor', ['box.ovf', 'box.mf', 'box-disk1.vmdk']],
    ['SHA1', 'at the end', ['box.ovf', 'box-disk1.vmdk', 'box.mf']],
    ['SHA512', 'of names with a dot in front', ['./box.ovf', './box-disk1.vmdk', './box.mf']],
  ])('an OVA whose manifest has %s digests, %s', async (algorithm, _, names) => {
    const directory = await temporaryDirectory();
    const vmdk = join(directory, 'box-disk1.vmdk');
    await qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, vmdk);
    await writeFile(join(directory, 'box.ovf'), '<?xml version="1.0"?><Envelope/>');
    const digestOf = (bytes: Buffer) => createHash(algorithm.toLowerCase()).update(bytes).digest('hex');
    const lines = async (change: (bytes: Buffer) => Buffer) => {
      const ovf = digestOf(await readFile(join(directory, 'box.ovf')));
      const disk = digestOf(change(await readFile(vmdk)));
      return `${algorithm}(box.ovf)= ${ovf}\n${algorithm}(box-disk1.vmdk)= ${disk}\n`;
    };
    const ova = async () => tar(directory, ['--format=ustar'], ...names);
    await writeFile(join(directory, 'box.mf'), await lines((bytes) => bytes));
    await expectImports(await ova());
    await writeFile(join(directory, 'box.mf'), await lines((bytes) => bytes.subarray(1)));
    const image = { path: await ova() };
    const output = join(await temporaryDirectory(), 'out');
    await expect(convertImage({ image, format: 'vhdx', output })).rejects.toMatchObject({
      code: 'CORRUPT_ARCHIVE',
      message: expect.stringContaining('box-disk1.vmdk" does not have the digest in its manifest'),
    });
  });

  test('beside a kernel, and what macOS packs with a file', async () => {
    const directory = await unpackedDirectory();
    // Linux's boot protocol: a boot sector that says that it cannot be booted from, and the header behind it.
    const kernel = Buffer.alloc(64 * 1024, 'kernel');
    kernel.writeUInt16BE(0x55aa, 510);
    kernel.write('HdrS', 0x202, 'latin1');
    await writeFile(join(directory, 'vmlinuz'), kernel);
    const appleDouble = Buffer.alloc(4096);
    appleDouble.writeUInt32BE(0x00051607, 0);
    await writeFile(join(directory, '._disk.raw'), appleDouble);
    const names = ['vmlinuz', '._disk.raw', 'disk.raw', 'README'];
    await expectImports(await tar(directory, [], ...names));
    await expectImports(await zip(directory, 'zipfile.ZIP_DEFLATED', ...names));
  });
});

describe('what is refused', () => {
  const converting = async (path: string, options: { maxDiskSize?: number } = {}) => {
    const directory = await temporaryDirectory();
    const output = join(directory, 'out');
    try {
      await convertImage({ image: { path }, format: 'vhdx', output, ...options });
    } finally {
      expect(await readdir(directory)).toEqual([]);
    }
  };

  test.each(['tar', 'zip'] as const)('%s: two disks, and none', async (archive) => {
    const directory = await unpackedDirectory();
    await run('cp', [raw, join(directory, 'other.raw')]);
    await mkdir(join(directory, 'd'));
    const pack = (...names: string[]) =>
      archive === 'tar' ? tar(directory, [], ...names) : zip(directory, 'zipfile.ZIP_DEFLATED', ...names);
    await expect(converting(await pack('disk.raw', 'README', 'other.raw'))).rejects.toMatchObject({
      code: 'SEVERAL_DISKS',
      message: expect.stringContaining('"disk.raw", "other.raw"'),
    });
    await expect(converting(await pack('README'))).rejects.toMatchObject({
      code: 'NO_DISK_INSIDE',
      message: expect.stringContaining('"README"'),
    });
  });

  test('tar: names that lead out, links and devices', async () => {
    const directory = await unpackedDirectory();
    const inside = join(directory, 'inside');
    await mkdir(inside);
    await rename(join(directory, 'disk.raw'), join(inside, 'disk.raw'));
    await symlink('/etc/passwd', join(inside, 'link.raw'));
    await run('ln', [join(inside, 'disk.raw'), join(inside, 'hard.raw')]);
    await run('mkfifo', [join(inside, 'fifo')]);
    for (const [options, names] of [
      [['--absolute-names'], ['../README']],
      [['--absolute-names'], [join(directory, 'README')]],
      [[], ['link.raw']],
      [[], ['disk.raw', 'hard.raw']],
      [[], ['fifo']],
      [[], ['disk.raw', 'link.raw']],
    ] as const) {
      await expect(converting(await tar(inside, options, ...names)), names.join()).rejects.toMatchObject({
        code: 'UNSAFE_ARCHIVE',
      });
    }
  });

  test('zip: names that lead out, links and encrypted files', async () => {
    const path = join(await temporaryDirectory(), 'image.zip');
    const program = `
import sys, zipfile
def made(name, data, **attributes):
    info = zipfile.ZipInfo('x' * len(name))
    for key, value in attributes.items(): setattr(info, key, value)
    with zipfile.ZipFile(sys.argv[1], 'w') as archive: archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    bytes = open(sys.argv[1], 'rb').read().replace(b'x' * len(name), name.encode())
    if sys.argv[2] == 'encrypted': bytes = bytes.replace(b'PK\\x01\\x02\\x14\\x03\\x14\\x00\\x00', b'PK\\x01\\x02\\x14\\x03\\x14\\x00\\x01')
    open(sys.argv[1], 'wb').write(bytes)
made({'parent': '../disk.raw', 'absolute': '/disk.raw', 'backslash': 'a\\\\\\\\..\\\\\\\\b'}.get(sys.argv[2], 'disk.raw'),
     b'/etc/passwd', **({'create_system': 3, 'external_attr': 0o120777 << 16} if sys.argv[2] == 'link' else {}))
`;
    for (const kind of ['parent', 'absolute', 'link', 'encrypted']) {
      await run('python3', ['-c', program, path, kind]);
      await expect(converting(path), kind).rejects.toMatchObject({ code: 'UNSAFE_ARCHIVE' });
    }
  });

  test.each(['tar', 'zip'] as const)('%s: more data than the limit', async (archive) => {
    const directory = await unpackedDirectory();
    await writeFile(join(directory, 'disk.raw'), (await readFile(raw)).fill('a', mib));
    const path =
      archive === 'tar'
        ? await tar(directory, [], 'disk.raw')
        : await zip(directory, 'zipfile.ZIP_DEFLATED', 'disk.raw');
    await expect(converting(path, { maxDiskSize: 20 * mib })).rejects.toMatchObject({
      code: 'DISK_TOO_LARGE',
    });
  });

  test('tar: a sparse file of exabytes', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'disk.raw'), 'x');
    await truncate(join(directory, 'disk.raw'), 2 ** 42);
    const path = await tar(directory, ['--format=posix', '--sparse', '--sparse-version=0.1'], 'disk.raw');
    const huge = (await readFile(path, 'latin1')).replaceAll(String(2 ** 42), '9'.repeat(13));
    await writeFile(path, huge, 'latin1');
    await expect(converting(path)).rejects.toMatchObject({
      code: expect.stringMatching(/^(CORRUPT_ARCHIVE|DISK_TOO_LARGE|NOT_BOOTABLE)$/),
    });
  });

  test('cut short, and damaged', async () => {
    const directory = await unpackedDirectory();
    for (const path of [
      await tar(directory, [], 'README', 'disk.raw'),
      await zip(directory, 'zipfile.ZIP_STORED', 'README', 'disk.raw'),
    ]) {
      const bytes = await readFile(path);
      await writeFile(path, bytes.subarray(0, 5 * mib));
      await expect(converting(path)).rejects.toMatchObject({ code: 'CORRUPT_ARCHIVE' });
      const damaged = Buffer.from(bytes);
      // A tar has checksums of its headers, a zip of its files.
      damaged[path.endsWith('.tar') ? 1024 + 10 : 4 * mib]! ^= 1;
      await writeFile(path, damaged);
      await expect(converting(path)).rejects.toMatchObject({ code: 'CORRUPT_ARCHIVE' });
    }
  });
});

test('any bytes in the headers of a tar end in an explained error, or in bytes', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'disk.raw'), randomBytes(3000));
  const archives = await Promise.all(
    [['--format=oldgnu', '--sparse'], ['--format=posix', '--sparse'], ['--format=gnu']].map(async (options) =>
      readFile(await tar(directory, options, 'disk.raw')),
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...archives),
      fc.array(fc.tuple(fc.nat(2047), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (archive, flips, isResealed) => {
        const bytes = Buffer.from(archive);
        for (const [at, flip] of flips) bytes[at]! ^= flip;
        if (isResealed) reseal(bytes);
        const source = async function* () {
          yield bytes;
        };
        let length = 0;
        try {
          for await (const chunk of unpack({ packing: { archive: 'tar' }, source })) {
            length += chunk.length;
            if (length > 64 * mib) return;
          }
        } catch (error) {
          expect((error as Error).name, (error as Error).stack).toBe('ConvertError');
        }
      },
    ),
    { numRuns: 500 },
  );
});

/** Makes the checksum of the first header right again. */
function reseal(bytes: Buffer): void {
  bytes.fill(' ', 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
