import { createHash, randomBytes } from 'node:crypto';
import { appendFile, open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { execa } from 'execa';
import { expect, testWith } from './support/fixtures.ts';
import { areEqualDisks, type Flags, type ImportDocument, importArgs } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { sampleOf, sampleSeed } from './support/sample.ts';

/*
 * Legal images that are odd, as publishers ship them: whatever way they take, by whichever converter, the snapshot is the
 * disk. How each is read in detail is tested where it is read.
 */

const mib = 2 ** 20;

/** Writes these bytes, and random ones in front of the end of 4 MiB. */
async function makeDisk(path: string, sectors: Readonly<Record<number, Buffer>>): Promise<void> {
  await using file = await open(path, 'w');
  await file.truncate(8 * mib);
  for (const [sector, bytes] of Object.entries(sectors))
    await file.write(bytes, 0, undefined, Number(sector) * 512);
  await file.write(randomBytes(mib), 0, undefined, 5 * mib);
}

async function partition(path: string, script: string): Promise<void> {
  await makeDisk(path, {});
  await execa('sfdisk', ['--quiet', path], { input: script });
}

/** As `sfdisk` makes it, and then its entries, which stand in sector 2, put where only its header says. */
async function moveEntries(path: string): Promise<void> {
  await partition(path, 'label: gpt\ntable-length: 128\nfirst-lba: 8192\nstart=8192, size=4096\n');
  await using file = await open(path, 'r+');
  const { buffer: head } = await file.read(Buffer.alloc(34 * 512), 0, 34 * 512, 0);
  const header = head.subarray(512, 1024);
  const entries = head.subarray(1024);
  header.writeBigUInt64LE(4096n, 72);
  header.writeUInt32LE(0, 16);
  header.writeUInt32LE(crc32(header.subarray(0, header.readUInt32LE(12))), 16);
  await file.write(header, 0, undefined, 512);
  await file.write(entries, 0, undefined, 4096 * 512);
  await file.write(Buffer.alloc(entries.length), 0, undefined, 1024);
}

const plain = (path: string) => partition(path, 'label: dos\nstart=2048, type=83\n');
const compress =
  (program: string, ...args: string[]) =>
  async (disk: string): Promise<string> => {
    const image = `${disk}.${program}`;
    await execa('sh', ['-c', `"$0" -c "$@" >'${image}'`, program, ...args, disk]);
    return image;
  };

interface OddImage {
  readonly disk: (path: string) => Promise<unknown>;
  /** The path of the image, which is the disk itself by default. */
  readonly pack?: (disk: string) => Promise<string>;
  readonly flags?: Flags;
  readonly says?: string;
}

const odd: Readonly<Record<string, OddImage>> = {
  'whose GPT has its entries behind the first MiB': { disk: moveEntries },
  'that is one file system, with code in its boot sector': {
    disk: (path) => {
      const sector = Buffer.alloc(512);
      sector.write('\xeb\x3c\x90MSDOS5.0, and code', 'latin1');
      sector.writeUInt16BE(0x55aa, 510);
      return makeDisk(path, { 0: sector });
    },
  },
  'with a signature behind its gzip data': {
    disk: plain,
    async pack(disk) {
      const image = await compress('gzip')(disk);
      await appendFile(image, 'a signature, of any length');
      return image;
    },
    says: 'bytes behind the end of the gzip data',
  },
  'in xz with a dictionary of 512 MiB': {
    disk: plain,
    pack: compress('xz', '-0', '--lzma2=preset=0,dict=512MiB'),
    flags: { 'decompression-memory': '1GiB' },
  },
  'in zstd with a window of 2 GiB': {
    disk: plain,
    // Of a pipe it does not know the size, which would make the window smaller.
    async pack(disk) {
      const image = `${disk}.zst`;
      await execa('sh', ['-c', 'zstd -q -1 --long=31 -c <"$0" >"$1"', disk, image]);
      return image;
    },
    flags: { 'decompression-memory': '2GiB' },
  },
  'of 100 GiB that holds a few MiB': {
    async disk(path) {
      await plain(path);
      await truncate(path, 100 * 2 ** 30);
    },
    async pack(disk) {
      const image = `${disk}.qcow2`;
      await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', disk, image]);
      return image;
    },
  },
};

// Calm: what is in the images is the question.
const test = testWith({ account: { conditions: 'calm' } });

const ways = ['auto', 'qemu-img'].flatMap((converter) => [
  { via: 's3', converter },
  { via: 'ebs', converter, 'omit-holes': true },
]);
const points = ways.flatMap((way) =>
  Object.entries(odd).map(([name, image]) => ({ ...way, way, name, image })),
);

test.for(sampleOf(points, 2))(
  `by $via, converter $converter, the snapshot is the disk of an image $name (EC2_IMAGE_SEED=${sampleSeed})`,
  async ({ way, image: { disk: make, pack, flags, says = '' } }, { account, workDirectory }) => {
    const disk = join(workDirectory, 'disk.raw');
    await make(disk);
    const path = (await pack?.(disk)) ?? disk;
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    const all = { ...way, 'boot-mode': 'none', ...flags };
    const args = importArgs({ account, workDirectory, url: path, sha256, ...all });
    const { exitCode, stderr, json } = await runInProcess(args);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain(says);
    const { snapshotId } = json<ImportDocument>().images[0]!;
    expect(await areEqualDisks(disk, account.snapshotPath(snapshotId!))).toBe(true);
  },
);

test('a qcow2 whose disk ends inside a sector is refused by every way alike', async ({
  account,
  workDirectory,
}) => {
  const image = join(workDirectory, 'disk.qcow2');
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', image, '8M']);
  await using file = await open(image, 'r+');
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(8n * BigInt(mib) - 100n);
  // https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.rst: the virtual size
  await file.write(size, 0, undefined, 24);
  const sha256 = createHash('sha256')
    .update(await readFile(image))
    .digest('hex');
  const ways: Flags[] = [
    { via: 's3' },
    { via: 's3', format: 'vmdk' },
    { via: 's3', converter: 'qemu-img' },
    { via: 'ebs' },
    { via: 'ebs', converter: 'qemu-img' },
  ];
  for (const way of ways) {
    const args = importArgs({ account, workDirectory, url: image, sha256, 'allow-unbootable': true, ...way });
    const { exitCode, json } = await runInProcess(args);
    const { error, leftovers } = json<ImportDocument>().images[0]!;
    expect([exitCode, error?.code, leftovers], JSON.stringify(way)).toEqual([1, 'UNSUPPORTED_IMAGE', []]);
  }
});
