import { mkdtemp, open, rm } from 'node:fs/promises';
import { biosProgram, type EfiArchitecture, efiProgram } from '../boot/boot-programs.ts';
import { fatVolume, fatVolumeBytes } from '../boot/fat-volume.ts';
import { intoPlace } from '../into-place.ts';
import { writeExt4 } from './ext4.ts';
import { keystream } from './keystream.ts';
import { type Partition, planPartitions, writePartitionTable } from './partition-table.ts';
import { sampleFiles } from './sample-files.ts';

export interface MakeSampleDiskOptions {
  /** Where the raw disk goes; what is there is replaced. */
  readonly path: string;
  /** A multiple of 512, 8 MiB at least. Default 256 MiB. */
  readonly sizeBytes?: number;
  /** How much is in the generated files. Default three tenths of the disk, 80 MiB at most. */
  readonly dataBytes?: number;
  /** The filesystem's label, 16 bytes at most. Default `sample`. */
  readonly label?: string;
  /** The same seed and sizes give the same bytes with the same e2fsprogs. Default 0. */
  readonly seed?: number;
  /** More files, by their path in the filesystem. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** What a machine boots from it. Default: an empty BIOS boot partition, and nothing else. */
  readonly boot?: SampleBoot;
  readonly signal?: AbortSignal;
}

/** Programs that print a text on the console and wait. */
export interface SampleBoot {
  /** Code in the MBR. Default false. */
  readonly bios?: boolean;
  /** Loaders in an EFI system partition, which also an empty list makes. */
  readonly efi?: readonly EfiArchitecture[];
  /** In ASCII. Default: a login prompt. */
  readonly prints?: string;
}

export interface SampleDisk {
  readonly path: string;
  readonly sizeBytes: number;
  /** The last one, `root`, holds the ext4 filesystem. */
  readonly partitions: readonly Partition[];
}

const defaultSizeBytes = 256 * 2 ** 20;
const maxDefaultDataBytes = 80 * 2 ** 20;

/**
 * Makes a raw disk: a GPT with a BIOS boot partition, an EFI system partition where `boot` asks for one, and an ext4 root full
 * of generated files. The file is sparse; neither root nor a loop device is needed.
 *
 * @throws SampleImageError `INVALID_DISK_SIZE`, `INVALID_FILE_NAME`, `TOOL_MISSING`, `TOOL_FAILED` (as where `dataBytes` is
 *   more than the disk holds)
 */
export async function makeSampleDisk(options: MakeSampleDiskOptions): Promise<SampleDisk> {
  const { path, sizeBytes = defaultSizeBytes, label = 'sample', seed = 0, files = {}, signal } = options;
  const { dataBytes = Math.min(Math.floor(sizeBytes * 0.3), maxDefaultDataBytes) } = options;
  const { boot = {} } = options;
  const [root, ...first] = planPartitions(sizeBytes, { efiBytes: boot.efi ? fatVolumeBytes : 0 });
  const partitions = [...first, root];
  const random = keystream(`${seed}`);
  const treeDirectory = await mkdtemp(`${path}.files-`);
  try {
    await intoPlace(path, async (partial) => {
      await makeHole({ path: partial, sizeBytes });
      await writePartitionTable({ path: partial, partitions, random, signal });
      await writeBoot({ path: partial, partitions, boot });
      const allFiles = function* () {
        yield* sampleFiles({ dataBytes, random });
        for (const [name, content] of Object.entries(files)) yield { path: name, content };
      };
      await writeExt4({ ...root, path: partial, label, files: allFiles(), treeDirectory, random, signal });
    });
  } finally {
    await rm(treeDirectory, { recursive: true, force: true });
  }
  return { path, sizeBytes, partitions };
}

async function writeBoot({
  path,
  partitions,
  boot: { bios = false, efi, prints = '\r\nsample login: ' },
}: {
  readonly path: string;
  readonly partitions: readonly Partition[];
  readonly boot: SampleBoot;
}): Promise<void> {
  await using file = await open(path, 'r+');
  if (bios) await file.write(biosProgram(prints), 0, undefined, 0);
  const start = partitions.find(({ name }) => name === 'efi')?.startBytes;
  if (start === undefined) return;
  const loaders = (efi ?? []).map((architecture) => [
    `EFI/BOOT/${architecture === 'x86_64' ? 'BOOTX64' : 'BOOTAA64'}.EFI`,
    efiProgram(prints, architecture),
  ]);
  await file.write(fatVolume(Object.fromEntries(loaders)), 0, undefined, start);
}

async function makeHole({
  path,
  sizeBytes,
}: {
  readonly path: string;
  readonly sizeBytes: number;
}): Promise<void> {
  await using file = await open(path, 'w');
  await file.truncate(sizeBytes);
}
