import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConvertOptions, converterVersion, convertImage, type Disk } from '@ec2-image/convert';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mib, qemuImg, run, temporaryDirectory } from './support/disk.ts';
import { drivers, isExhaustive, sampleDisk, seed, writeRaw } from './support/layout-file.ts';
import { makeQcow2, qcow2Kind } from './support/qcow2-image.ts';

type Format = ConvertOptions['format'];
const formats = Object.keys(drivers) as Format[];

/** Each image takes a dozen programs. */
const patience = { timeout: 600_000 };

async function setUp() {
  const directory = await temporaryDirectory();
  const path = join(directory, 'disk.qcow2');
  const convert = (converter: ConvertOptions['converter'], format: Format): Promise<Disk> =>
    convertImage({
      image: { path },
      format,
      converter,
      output: join(directory, `by-${converter}`),
      allowUnbootable: true,
    });
  return { directory, raw: join(directory, 'disk.raw'), path, convert };
}

test(
  `a qcow2 of any kind that qemu-img writes is the same disk by both converters (EC2_IMAGE_SEED=${seed})`,
  patience,
  async () => {
    const { raw, path, convert } = await setUp();
    // Room for what is written into it, and not more than a sample needs.
    const disks = sampleDisk.filter(({ virtualSize }) => virtualSize >= mib / 2 && virtualSize < 9 * mib);
    const samples = fc.asyncProperty(
      disks,
      qcow2Kind,
      fc.constantFrom(...formats),
      async (disk, kind, format) => {
        await rm(raw, { force: true });
        await writeRaw(raw, disk);
        await makeQcow2(raw, path, kind);
        const ours = await convert('auto', format);
        const theirs = await convert('qemu-img', format);
        // Bitmaps are for QEMU to check.
        const isOurs = !kind.edits.includes('bitmap');
        expect(ours.converter).toBe(isOurs ? converterVersion(format) : 'qemu-img');
        expect(theirs).toMatchObject({ converter: 'qemu-img', virtualSize: ours.virtualSize });
        const driver = drivers[format];
        const compare = ['compare', '-f', driver, '-F', driver];
        await expect(qemuImg(...compare, ours.path, theirs.path)).resolves.toMatchObject({
          stdout: expect.stringContaining('identical'),
        });
      },
    );
    await fc.assert(samples, { seed, numRuns: isExhaustive ? 60 : 3 });
  },
);

const encrypted = (format: string) => `encrypt.format=${format},encrypt.key-secret=s`;

/** What cannot be read without another file, or a secret. */
const refused = [
  ['a backing file', 'BACKING_FILE', ['-b', 'disk.raw', '-F', 'raw']],
  ['an external data file', 'EXTERNAL_DATA_FILE', ['-o', 'data_file=data']],
  ['a raw external data file', 'EXTERNAL_DATA_FILE', ['-o', 'data_file=data,data_file_raw=on']],
  ['AES encryption', 'ENCRYPTED_IMAGE', ['-o', encrypted('aes')]],
  // To make one takes seconds of a processor, that nobody guesses its password fast.
  ...(isExhaustive
    ? ([['LUKS encryption', 'ENCRYPTED_IMAGE', ['-o', `${encrypted('luks')},encrypt.iter-time=10`]]] as const)
    : []),
] as const;

test.for(refused)('one with %s is refused by both', patience, async ([, code, options]) => {
  const { directory, raw, path, convert } = await setUp();
  await writeFile(raw, Buffer.alloc(mib, 1));
  const create = ['create', '-q', '--object', 'secret,id=s,data=open', '-f', 'qcow2', ...options, path, '1M'];
  await run('qemu-img', create, { cwd: directory });
  for (const converter of ['auto', 'qemu-img'] as const)
    await expect(convert(converter, 'vhdx')).rejects.toMatchObject({ code });
});
