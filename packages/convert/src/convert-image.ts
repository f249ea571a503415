import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type ImageFormat, readImageHeader } from '@ec2-image/image-headers';
import { ConvertError, defaultMaxDiskSize } from './errors.ts';
import { requireFreeSpace } from './free-space.ts';
import { type DiskFacts, inspectImage, inspectUncompressed, type PackedFacts } from './inspect-image.ts';
import { converterVersion } from './layout/converter-version.ts';
import type { MadeDisk } from './made/made-disk.ts';
import { openMadeDisk } from './made/open-made-disk.ts';
import type { VmdkMaking } from './made/streamed-vmdk.ts';
import { writeIntoPlace } from './output-file.ts';
import type { DiskFormat } from './qemu/output-format.ts';
import { writeDisk } from './qemu/write-disk.ts';
import { readAndWrite } from './read-and-write.ts';
import { unpackFile } from './unpack-file.ts';
import { withSource } from './with-source.ts';

export interface ConvertProgress {
  readonly stage: 'decompress' | 'convert';
  /** In bytes: of the compressed file while it is decompressed, of the disk while it is converted. */
  readonly done: number;
  readonly total: number;
}

export interface ConvertOptions {
  readonly image: {
    readonly path: string;
    /** As published: the same one makes the same disk. */
    readonly digest?: string;
  };
  readonly format: DiskFormat;
  /** `auto`: qemu-img only where our own reader or writer does not take the image or the format. Default `auto`. */
  readonly converter?: 'auto' | 'qemu-img';
  /** The disk's path; its directory also takes what a compressed image decompresses to. */
  readonly output: string;
  /**
   * Take a disk that an earlier run converted to `output`, where format and size are right: `compareDisk` has to prove
   * it. A decompressed disk, which has no source to compare with, is converted again. Default false.
   */
  readonly reuse?: boolean;
  /** In bytes of data, zeros not counted; default 64 GiB. */
  readonly maxDiskSize?: number;
  /** In bytes that decompressing may take; default 256 MiB. */
  readonly decompressionMemoryBytes?: number;
  /** Accept a disk without a partition table, or with one that reaches beyond the disk's end. Default false. */
  readonly allowUnbootable?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ConvertProgress) => void;
  readonly onNotice?: (message: string) => void;
}

export interface Disk {
  /** `output`, but for `in-place` the image itself. */
  readonly path: string;
  readonly format: DiskFormat;
  /** Of the file, in bytes. */
  readonly size: number;
  /** In bytes; a multiple of 512. */
  readonly virtualSize: number;
  /** `in-place`: a raw image needs no conversion, and is used where it is. */
  readonly outcome: 'converted' | 'reused' | 'in-place';
  /** What wrote it: `qemu-img`, or this converter with its version. Undefined of what an earlier run wrote, or nobody. */
  readonly converter?: string;
  /** What the disk was made from, for `compareDisk`. */
  readonly source: DiskSource;
}

export interface DiskSource {
  readonly path: string;
  readonly format: ImageFormat;
  /** The file was made on the way, by decompressing: remove it when the disk has been compared. */
  readonly temporary: boolean;
}

/**
 * Inspects an image and converts it to a format that EC2 imports. A compressed one is decompressed first, to
 * `<output>.decompressed`; where that is a raw disk and raw is wanted, it is the disk. Files appear under their names
 * only when complete. The image itself is never changed. A disk with another `source` is to be compared with it
 * (`compareDisk`) by every run that uses it.
 *
 * @throws ConvertError `CONVERSION_FAILED`, `WORK_DIRECTORY_FULL`, `PROGRAM_KILLED`
 * @throws whatever `inspectImage` throws
 */
export async function convertImage(options: ConvertOptions): Promise<Disk> {
  const { image, format } = options;
  const output = resolve(options.output);
  const facts = await inspectImage({ ...options, path: image.path });
  if (facts.packing === undefined) return diskFrom({ ...facts, temporary: false }, output, options);

  // Where the decompressed file is to be the disk, an earlier one would only take the room.
  if (format === 'raw' && facts.format === 'raw') await rm(output, { force: true });
  const inside = await decompressed(facts, `${output}.decompressed`, options);
  if (format === 'raw' && isWholeRaw(inside)) {
    await rename(inside.path, output);
    return diskInPlace({ ...inside, path: output, temporary: false }, 'converted');
  }
  return diskFrom({ ...inside, temporary: true }, output, options);
}

/**
 * The same disk without a file of it: planned from the image, and made range by range when it is read. Undefined where
 * `convertImage` has to write it: of a raw disk that is a file already, and of images that only QEMU reads.
 *
 * @throws as {@link convertImage}; ConvertError `DISK_TOO_LARGE`
 */
export async function makeDisk(
  options: Omit<ConvertOptions, 'reuse'> & {
    readonly image: { readonly digest: string };
    /** Of the same disk, as it is made of the image on its way. */
    readonly vmdk?: VmdkMaking | undefined;
  },
): Promise<MadeDisk | undefined> {
  const { image, format, converter = 'auto', vmdk, signal } = options;
  if (converter === 'qemu-img') return undefined;
  const output = resolve(options.output);
  const facts = await inspectImage({ ...options, path: image.path });
  if (format === 'raw' && facts.format === 'raw') return undefined;
  if (facts.format !== 'raw' && facts.format !== 'qcow2') return undefined;
  const inside =
    facts.packing === undefined ? facts : await decompressed(facts, `${output}.decompressed`, options);
  return openMadeDisk({ image: inside, format, digest: image.digest, vmdk, signal });
}

interface Source extends DiskFacts {
  readonly temporary: boolean;
}

async function diskFrom(source: Source, output: string, options: ConvertOptions): Promise<Disk> {
  const { image, format, converter = 'auto', reuse = false, signal, onProgress, onNotice } = options;
  const { virtualSize } = source;
  if (format === 'raw' && isWholeRaw(source)) return diskInPlace(source, 'in-place');

  let madeBy: string | undefined;
  const isReused = reuse && (await isDisk(output, { format, virtualSize }));
  if (!isReused) {
    const write = async (partial: string) => {
      const onBytes = (done: number) => onProgress?.({ stage: 'convert', done, total: virtualSize });
      const write = { source, format, output: partial, virtualSize, signal, onBytes };
      madeBy = converterVersion(format);
      if (converter === 'qemu-img' || !(await readAndWrite({ ...write, digest: image.digest, onNotice }))) {
        madeBy = 'qemu-img';
        await rm(partial, { force: true });
        await writeDisk(write);
      }
      if (!(await isDisk(partial, { format, virtualSize }))) throw notAsAsked({ format, virtualSize });
    };
    await writeIntoPlace(output, write);
  }
  const { path, format: sourceFormat, temporary } = source;
  return {
    path: output,
    format,
    size: (await stat(output)).size,
    virtualSize,
    outcome: isReused ? 'reused' : 'converted',
    converter: madeBy,
    source: { path, format: sourceFormat, temporary },
  };
}

/** A raw file of another length ends within a sector, which has to be filled up. */
function isWholeRaw({ format, size }: DiskFacts): boolean {
  return format === 'raw' && size % 512 === 0;
}

function diskInPlace({ path, size, virtualSize, temporary }: Source, outcome: Disk['outcome']): Disk {
  return { path, format: 'raw', size, virtualSize, outcome, source: { path, format: 'raw', temporary } };
}

/**
 * Decompresses an image to `output`, with the checks that only the whole of it allows. A file that is there already is
 * replaced: nothing says that it still holds what the image does.
 *
 * @throws as {@link convertImage}
 */
export async function decompressImage(options: Omit<ConvertOptions, 'format' | 'reuse'>): Promise<DiskFacts> {
  const facts = await inspectImage({ ...options, path: options.image.path });
  return facts.packing === undefined ? facts : decompressed(facts, resolve(options.output), options);
}

async function decompressed(
  image: PackedFacts,
  path: string,
  options: Omit<ConvertOptions, 'format'>,
): Promise<DiskFacts> {
  const {
    maxDiskSize = defaultMaxDiskSize,
    decompressionMemoryBytes,
    signal,
    onProgress,
    onNotice,
  } = options;
  await rm(path, { force: true });
  await requireFreeSpace(dirname(path), image.size);
  const facts = await writeIntoPlace(path, async (partial) => {
    await unpackFile({
      path: image.path,
      packing: image.packing,
      output: partial,
      maxDiskSize,
      memoryBytes: decompressionMemoryBytes,
      signal,
      onProgress: (progress) => onProgress?.({ stage: 'decompress', ...progress }),
      onNotice,
    });
    return inspectUncompressed({ ...options, path: partial });
  });
  return { ...facts, path };
}

interface Wanted {
  readonly format: DiskFormat;
  readonly virtualSize: number;
}

async function isDisk(path: string, { format, virtualSize }: Wanted): Promise<boolean> {
  const header = await withSource(path, readImageHeader).catch(() => undefined);
  return header?.format === format && header.virtualSize === virtualSize;
}

function notAsAsked({ format, virtualSize }: Wanted): ConvertError {
  return new ConvertError('CONVERSION_FAILED', `qemu-img made no ${format} disk of ${virtualSize} bytes`, {
    hint: 'Report this, with the output of `qemu-img --version`.',
    facts: { format, virtualSize },
  });
}
