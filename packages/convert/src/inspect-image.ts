import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ByteSource,
  bufferSource,
  detectMagic,
  type ImageFormat,
  type Magic,
  magicOfHead,
  type PartitionTable,
  partitionTableBytes,
  readImageHeader,
  readPartitionTable,
  readXzUncompressedSize,
  readZstdFrameSize,
  refusalOf,
} from '@ec2-image/image-headers';
import { requireBootable } from './bootable.ts';
import { requireDataWithin } from './data-limit.ts';
import { readHead } from './decompress/read-head.ts';
import { ConvertError, defaultMaxDiskSize, requirePossibleSize } from './errors.ts';
import { diskSource } from './qemu/disk-source.ts';
import { openArchive, type Packing, unpack } from './unpack.ts';
import { withSource } from './with-source.ts';

export interface InspectOptions {
  readonly path: string;
  /** In bytes of data, zeros not counted; default 64 GiB. */
  readonly maxDiskSize?: number;
  /** In bytes that decompressing may take; default 256 MiB. */
  readonly decompressionMemoryBytes?: number;
  /** Accept a disk without a partition table, or with one that reaches beyond the disk's end. Default false. */
  readonly allowUnbootable?: boolean;
  readonly signal?: AbortSignal;
  readonly onNotice?: (message: string) => void;
}

interface FileFacts {
  /** Absolute. */
  readonly path: string;
  /** The file's, in bytes. */
  readonly size: number;
  /** Of a packed image that of the disk inside. */
  readonly format: ImageFormat;
}

export interface DiskFacts extends FileFacts {
  readonly packing?: undefined;
  /** In bytes; a multiple of 512. */
  readonly virtualSize: number;
  readonly partitionTable: PartitionTable['type'];
}

export interface PackedFacts extends FileFacts {
  readonly packing: Packing;
  /** Known beforehand only of a raw disk, in an xz file or in an archive, and of a stream of zstd, of whose first frame it is. */
  readonly virtualSize?: number;
  /** Known beforehand only where the disk inside is raw. */
  readonly partitionTable?: PartitionTable['type'];
}

export type ImageFacts = DiskFacts | PackedFacts;

/**
 * Reads what an image is, and refuses what must not be converted, before any qemu tool opens it. Takes a few
 * milliseconds whatever the image's size. Of a packed image only the beginning of what is inside is read; the rest is
 * checked when it has been unpacked.
 *
 * @throws ImageHeaderError for what the headers say
 * @throws ConvertError `IMAGE_NOT_READABLE`, `DISK_TOO_LARGE`, `GPT_DAMAGED`, `NOT_BOOTABLE`, `PARTITION_BEYOND_DISK`, `NO_DISK_INSIDE`,
 * `NESTED_COMPRESSION`, `QEMU_IMG_MISSING`, and those of `unpack`
 */
export async function inspectImage(options: InspectOptions): Promise<ImageFacts> {
  const path = resolve(options.path);
  return withSource(path, async (source) => {
    const chunks = () => createReadStream(path, { highWaterMark: readBytes });
    const packed = await inspectPacked(source, { ...options, path, chunks });
    return packed ? { path, ...packed } : inspectDisk(source, { ...options, path });
  });
}

const readBytes = 256 * 1024;

export interface InspectStreamOptions extends Omit<InspectOptions, 'path'> {
  /** The image at any place. */
  readonly source: ByteSource;
  /** The image from the front. Left early. */
  readonly chunks: () => AsyncIterable<Buffer>;
}

/**
 * The same for a packed image that is nowhere on this machine yet. Undefined where it is not packed, or in a zip
 * archive, whose directory stands at its end.
 *
 * @throws as {@link inspectImage}
 */
export async function inspectStream(
  options: InspectStreamOptions,
): Promise<Omit<PackedFacts, 'path'> | undefined> {
  const { source } = options;
  const magic = await detectMagic(source);
  if (magic.kind === 'archive' && magic.archive === 'zip') return undefined;
  return inspectPacked(source, options);
}

/** The same for a file that must not be compressed, such as one just decompressed. */
export async function inspectUncompressed(options: InspectOptions): Promise<DiskFacts> {
  const path = resolve(options.path);
  return withSource(path, (source) => inspectDisk(source, { ...options, path }));
}

async function inspectDisk(source: ByteSource, options: InspectOptions): Promise<DiskFacts> {
  const { path, maxDiskSize = defaultMaxDiskSize, signal } = options;
  const { format, virtualSize, maxDataBytes = virtualSize } = await readImageHeader(source);
  if (Math.min(virtualSize, maxDataBytes) > maxDiskSize && format !== 'raw')
    await requireDataWithin({ path, format, virtualSize, maxDataBytes, maxDiskSize, signal });
  const disk = format === 'raw' ? source : diskSource({ path, format, virtualSize, signal });
  const table = await readPartitionTable(disk);
  requireBootable(table, { ...options, virtualSize });
  return { path, size: source.size, format, virtualSize, partitionTable: table.type };
}

/** Undefined where the image is not packed. */
async function inspectPacked(
  source: ByteSource,
  options: Omit<InspectOptions, 'path'> & {
    readonly path?: string;
    readonly chunks: () => AsyncIterable<Buffer>;
  },
): Promise<Omit<PackedFacts, 'path'> | undefined> {
  const magic = await detectMagic(source);
  if (magic.kind !== 'compressed' && magic.kind !== 'archive') return undefined;
  const { path, chunks, decompressionMemoryBytes: memoryBytes, signal } = options;
  const unpacking = (packing: Packing) => ({ packing, path, source: chunks, memoryBytes, signal });
  const headOf = (bytes: AsyncIterable<Buffer>) => readHead(bytes, partitionTableBytes);
  let packing: Packing =
    magic.kind === 'archive' ? { archive: magic.archive } : { compression: magic.compression };
  let size: number | undefined;
  if (packing.compression === 'xz') {
    size = await readXzUncompressedSize(source);
  }
  // Of a file, decompressing it tells.
  if (packing.compression === 'zstd' && path === undefined) size = await readZstdFrameSize(source);
  if (size !== undefined) requirePossibleSize(size);
  let head = packing.archive === undefined ? await headOf(unpack(unpacking(packing))) : Buffer.alloc(0);
  if (packing.archive === undefined && isTar(head)) packing = { ...packing, archive: 'tar' };
  if (packing.archive !== undefined) {
    const disk = await openArchive(packing.archive, unpacking(packing));
    head = await headOf(disk.bytes());
    size = disk.size;
    requirePossibleSize(size);
  }
  const format = formatInside(head, packing);
  if (format !== 'raw') return { size: source.size, packing, format };

  const table = await readPartitionTable(bufferSource(head), { isWhole: false });
  // Of zstd, another frame follows then, and decompressing alone tells how many do.
  const isCut =
    packing.compression === 'zstd' &&
    packing.archive === undefined &&
    Math.max(head.length, table.endBytes) > (size ?? 0);
  const virtualSize = size === undefined || isCut ? undefined : Math.ceil(size / 512) * 512;
  requireBootable(table, { ...options, virtualSize });
  return { size: source.size, packing, format, virtualSize, partitionTable: table.type };
}

function isTar(head: Buffer): boolean {
  const magic = magicOfHead(head);
  return magic?.kind === 'archive' && magic.archive === 'tar';
}

function formatInside(head: Buffer, { compression, archive }: Packing): ImageFormat {
  const outer = archive ?? compression!;
  const magic = insideMagic(head);
  switch (magic.kind) {
    case 'disk':
      return magic.format;
    case 'unknown':
      return 'raw';
    case 'compressed':
      throw new ConvertError(
        'NESTED_COMPRESSION',
        `inside the ${outer} file is a ${magic.compression} file`,
        {
          hint: 'Decompress it once by hand.',
          facts: { compression: outer, inside: magic.compression },
        },
      );
    default: {
      const cause = refusalOf(magic);
      throw new ConvertError(
        'NO_DISK_INSIDE',
        `the ${outer} file does not contain a disk: ${cause.message}`,
        {
          hint: 'Unpack it by hand and import the disk image that it holds, if there is one.',
          cause,
          facts: { compression: outer },
        },
      );
    }
  }
}

/** Less than a sector without a signature is as good as nothing. */
function insideMagic(head: Buffer): Magic {
  if (head.length === 0) return { kind: 'empty' };
  return magicOfHead(head) ?? { kind: head.length < 512 ? 'empty' : 'unknown' };
}
