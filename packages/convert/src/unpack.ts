import type { ArchiveFormat, Compression } from '@ec2-image/image-headers';
import { type ArchivedDisk, findDisk } from './archive/disk-in-archive.ts';
import { tarEntries } from './archive/tar-entries.ts';
import { zipEntries } from './archive/zip-entries.ts';
import { decompress } from './decompress/decompress.ts';
import { createInput } from './decompress/input.ts';

/** What a disk image is packed in: it is compressed, or in an archive, or in a compressed archive. */
export interface Packing {
  readonly compression?: Compression;
  readonly archive?: ArchiveFormat;
}

export interface UnpackOptions {
  readonly packing: Packing;
  /** The packed file from the front. A zip archive is read from its file instead. */
  readonly source: () => AsyncIterable<Buffer>;
  /** Of the packed file, where it is one. */
  readonly path?: string;
  /** In bytes that decompressing may take; default 256 MiB. */
  readonly memoryBytes?: number;
  readonly signal?: AbortSignal;
  /** Hears of bytes behind the end that are left out. */
  readonly onNotice?: (message: string) => void;
}

/**
 * The bytes of the disk image in a packed file, as they come. Leaving the loop early ends everything that reads.
 *
 * @throws ConvertError those of `decompress`, `CORRUPT_ARCHIVE`, `NO_DISK_INSIDE`, `SEVERAL_DISKS`, `UNSAFE_ARCHIVE`
 */
export async function* unpack(options: UnpackOptions): AsyncGenerator<Buffer> {
  if (options.packing.archive === undefined) yield* unpacked(options);
  else yield* (await openArchive(options.packing.archive, options)).bytes();
}

/** The same of an archive, with what it says of the disk. */
export function openArchive(archive: ArchiveFormat, options: UnpackOptions): Promise<ArchivedDisk> {
  if (archive === 'tar') return findDisk('tar', tarEntries(createInput(unpacked(options), options.signal)));
  if (options.path === undefined) throw new TypeError('a zip archive is read from its file');
  return findDisk('zip', zipEntries(options.path));
}

/** What is inside the compression, if there is one. */
function unpacked({
  packing: { compression },
  source,
  memoryBytes,
  signal,
  onNotice,
}: UnpackOptions): AsyncIterable<Buffer> {
  if (compression === undefined) return source();
  return decompress({ compression, source: source(), memoryBytes, signal, onNotice });
}
