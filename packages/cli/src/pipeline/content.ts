import { createReadStream } from 'node:fs';
import {
  boundDisk,
  converterVersion,
  decompressImage,
  type ImageFacts,
  inspectImage,
  inspectStream,
  unpack,
} from '@ec2-image/convert';
import {
  type Block,
  type BlockRange,
  blocksWithin,
  type Disk,
  type DiskImageFormat,
  diskBlocks,
  type Extent,
  fileHoles,
  type ImageReader,
  imageBlocks,
  openDisk,
  openImageReader,
  streamBlocks,
} from '@ec2-image/disk-blocks';
import { isExplained } from '@ec2-image/explained-error';
import type { ImageStream, LocalImage } from '@ec2-image/fetch';
import { CliError } from '../errors/cli-error.ts';
import { Resources } from './resources.ts';
import { inPlace } from './started-disk.ts';

/** What is in an image, as blocks. */
export interface Content extends AsyncDisposable {
  readonly virtualSizeBytes: number;
  /** Each call reads from the beginning. */
  blocks(options: {
    readonly signal?: AbortSignal;
    /** Whether blocks of a stream have their digests. Default true. */
    readonly digests?: boolean;
  }): AsyncIterable<Block>;
  /**
   * Where `blocks` come in any order, as those of an image that is still arriving: blocks of zeros that are not among them. In
   * order.
   */
  readonly zeros?: (options: { readonly signal?: AbortSignal }) => AsyncIterable<BlockRange>;
  /** What makes the blocks, with its version; {@link inPlace} where they are the file's own. */
  readonly converter: string;
  /** The same blocks as QEMU reads them, where `blocks` come from our own reader: those that lie in `extents`, by default all. */
  readonly proof?: (options: {
    readonly extents?: readonly Extent[];
    readonly signal?: AbortSignal;
  }) => AsyncIterable<Block>;
  /**
   * Blocks that were never written, as the source's own block map says; undefined where it has none. What this machine
   * wrote, a download or a decompressed disk, is sparse in its own way, which says nothing.
   */
  readonly holes?: (options: { readonly signal?: AbortSignal }) => AsyncIterable<BlockRange>;
}

export interface ContentOptions {
  readonly path: string;
  /** Where the disk goes, should it have to be decompressed into a file. */
  readonly diskPath: string;
  readonly maxDiskSize?: number;
  readonly decompressionMemoryBytes?: number;
  readonly allowUnbootable?: boolean;
  /** Whether `holes` will be asked for. Default false. */
  readonly withHoles?: boolean;
  /** `auto`: images that our own reader takes are read by it, in worker threads. Default: QEMU reads all but raw ones. */
  readonly converter?: 'auto' | 'qemu-img';
  readonly signal?: AbortSignal;
  readonly onNotice?: (message: string) => void;
}

/**
 * Opens an image, of any format that is taken, for reading what is in it. Nothing is written on the way, unless its
 * packing hides how large the disk is, or it is a disk format inside a packed file: that is decompressed each
 * time, whatever an earlier run left.
 */
export async function openContent(options: ContentOptions): Promise<Content> {
  const facts = await inspectImage(options);
  if (facts.packing === undefined) return openedDisk(facts, options);
  const streamed = inOrder(facts, options, () => createReadStream(facts.path, { highWaterMark: readBytes }));
  if (streamed) return streamed;
  const { path, diskPath: output } = options;
  return openedDisk(await decompressImage({ ...options, image: { path }, output }), options);
}

const readBytes = 1024 * 1024;

/** What reading an image on its server here and there ends with where its download, from the front, may succeed. */
const notStreamedCodes: readonly string[] = ['FILE_CHANGED', 'RANGE_UNUSABLE'];

/**
 * The content of an image that stays on its server: the decompressor gives blocks during the download. The last
 * of them only comes when the whole image had its digest. Undefined where the size of what is inside cannot be known
 * beforehand, if only as the server does not serve the end of the image alone, or where it is not a raw disk.
 */
export async function streamedContent({
  stream,
  onProgress,
  ...options
}: Omit<ContentOptions, 'path' | 'diskPath'> & {
  readonly stream: ImageStream;
  /** In bytes of the download. */
  readonly onProgress?: (progress: { readonly done: number; readonly total?: number }) => void;
}): Promise<Content | undefined> {
  const { signal } = options;
  const chunks = () => stream.chunks({ signal });
  const facts = await inspectStream({ ...options, source: stream, chunks }).catch((error: unknown) => {
    if (!isExplained(error) || !notStreamedCodes.includes(error.code)) throw error;
    options.onNotice?.(`${error.message}; downloading all of it into a file`);
    return undefined;
  });
  return facts && inOrder(facts, options, (signal) => stream.chunks({ signal, onProgress }));
}

/**
 * The content of a local image, read once: hashed as its blocks are made, of which the last only comes when the whole
 * image had its digest. Undefined where that cannot be, or where the file is not what it should be: that is found out
 * best by hashing it first.
 */
export async function localContent({
  image,
  ...options
}: Omit<ContentOptions, 'path' | 'diskPath'> & { readonly image: LocalImage }): Promise<Content | undefined> {
  const facts = await inspectImage({ ...options, path: image.path }).catch(() => undefined);
  options.signal?.throwIfAborted();
  const content = facts && inOrder(facts, options, (signal) => image.chunks({ signal }));
  if (!content || facts?.packing !== undefined || !options.withHoles) return content;
  return {
    ...content,
    holes: holesOf(content.virtualSizeBytes, ({ signal }) => fileHoles({ path: image.path, signal })),
  };
}

function holesOf(
  sizeBytes: number,
  extents: (options: { readonly signal?: AbortSignal }) => AsyncIterable<Extent>,
): Content['holes'] {
  return (options) => blocksWithin(extents(options), { sizeBytes });
}

/** Of a raw disk of known size, compressed or not: it can be read from the front. Undefined where it is another. */
function inOrder(
  {
    format,
    packing,
    virtualSize,
    path,
  }: Pick<ImageFacts, 'format' | 'packing' | 'virtualSize'> & { readonly path?: string },
  { decompressionMemoryBytes: memoryBytes, maxDiskSize, onNotice }: Omit<ContentOptions, 'path' | 'diskPath'>,
  chunks: (signal?: AbortSignal) => AsyncIterable<Buffer>,
): Content | undefined {
  if (format !== 'raw' || virtualSize === undefined) return undefined;
  return {
    virtualSizeBytes: virtualSize,
    converter: packing === undefined ? inPlace : converterVersion('raw'),
    blocks: ({ signal, digests = true }) => {
      if (packing === undefined)
        return streamBlocks(ofSize(virtualSize, chunks(signal)), { digests, signal });
      const source = () => chunks(signal);
      const raw = unpack({ packing, source, path, memoryBytes, signal, onNotice });
      return streamBlocks(ofSize(virtualSize, boundDisk(raw, { maxDiskSize })), { digests, signal });
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The size is what the file itself claims: more than that would not fit into the volume, less would be cut short. */
async function* ofSize(sizeBytes: number, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let total = 0;
  const wrong = () =>
    new CliError(
      'DISK_SIZE_WRONG',
      `the image header declares ${sizeBytes} bytes, which does not match its content`,
      {
        hint: 'The image is corrupt or malicious; download it from another source.',
        facts: { sizeBytes, foundBytes: total },
      },
    );
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > sizeBytes) throw wrong();
    yield chunk;
  }
  // What a file says is less than a sector off where its size is not a multiple of one.
  if (sizeBytes - total >= sectorBytes) throw wrong();
}

const sectorBytes = 512;

interface DiskImage {
  readonly path: string;
  readonly format: DiskImageFormat;
  readonly virtualSize: number;
}

/** A disk as QEMU reads it. */
export interface QemuReading extends AsyncDisposable {
  readonly blocks: NonNullable<Content['proof']>;
  readonly holes?: Content['holes'];
}

/** @param options.withHoles see {@link hasHoleMap} */
export async function openQemuReading(
  { path, format, virtualSize }: DiskImage,
  { signal, withHoles }: Pick<ContentOptions, 'withHoles' | 'signal'>,
): Promise<QemuReading> {
  const hasMap = hasHoleMap(format, { withHoles });
  const disk = await openDisk({ path, format, withHoles: hasMap, signal });
  return {
    blocks: ({ extents, signal }) =>
      diskBlocks({ disk: extents ? within(disk, extents) : disk, digests: true, signal }),
    ...(hasMap && { holes: holesOf(virtualSize, disk.holes) }),
    [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose](),
  };
}

/** Whether what was never written is told, where that is asked for: a raw file's holes are those of this machine. */
export function hasHoleMap(
  format: DiskImageFormat,
  { withHoles = false }: Pick<ContentOptions, 'withHoles'>,
): boolean {
  return withHoles && format !== 'raw';
}

async function openedDisk(
  image: DiskImage,
  { signal, withHoles, converter = 'qemu-img' }: ContentOptions,
): Promise<Content> {
  const { format, virtualSize } = image;
  await using opened = new Resources();
  const { blocks: read, holes } = opened.use(await openQemuReading(image, { withHoles, signal }));
  const reader = converter === 'auto' ? await openReader(image, signal) : undefined;
  if (reader) opened.use(reader);
  const resources = opened.move();
  return {
    virtualSizeBytes: virtualSize,
    ...(reader
      ? {
          converter: converterVersion('raw'),
          blocks: ({ signal }) => imageBlocks({ reader, signal }),
          proof: read,
        }
      : {
          converter: format === 'raw' ? inPlace : qemuReads,
          blocks: ({ signal }) => read({ signal }),
        }),
    ...(holes && { holes }),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

/** As the converter of blocks that `qemu-nbd` has read. */
const qemuReads = 'qemu-nbd';

/** The same disk where the extents are; elsewhere it has no data. */
function within(disk: Disk, extents: readonly Extent[]): Disk {
  return {
    ...disk,
    async *extents(options) {
      const wanted = extents[Symbol.iterator]();
      let next = wanted.next();
      for await (const { offset, length } of disk.extents(options)) {
        const end = offset + length;
        while (!next.done && next.value.offset < end) {
          const from = Math.max(offset, next.value.offset);
          const to = Math.min(end, next.value.offset + next.value.length);
          if (from < to) yield { offset: from, length: to - from };
          // What reaches into the next extent of the disk is wanted there, too.
          if (next.value.offset + next.value.length > end) break;
          next = wanted.next();
        }
      }
    },
  };
}

/** Undefined where QEMU has to read the image. */
async function openReader(
  { path, format }: { readonly path: string; readonly format: DiskImageFormat },
  signal?: AbortSignal,
): Promise<ImageReader | undefined> {
  if (format !== 'qcow2' && format !== 'raw') return undefined;
  return (await openImageReader({ path, format, signal })).reader;
}
