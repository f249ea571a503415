import { createReadStream } from 'node:fs';
import { convertImage, decompress, inspectImage } from '@ec2-image/convert';
import { type Block, type DiskImageFormat, diskBlocks, openDisk, streamBlocks } from '@ec2-image/ebs-direct';

/** What is in an image, as blocks. */
export interface Content extends AsyncDisposable {
  readonly virtualSizeBytes: number;
  /** Each call reads from the beginning. */
  blocks(options: { readonly signal?: AbortSignal }): AsyncIterable<Block>;
}

export interface ContentOptions {
  readonly path: string;
  /** Where the disk goes, should one have to be made. */
  readonly rawPath: string;
  readonly maxDiskSize?: number;
  readonly allowUnbootable?: boolean;
  readonly signal?: AbortSignal;
  readonly onNotice?: (message: string) => void;
}

/**
 * Opens an image, of any format that is taken, for reading what is in it. No raw copy is made on the way, unless
 * its compression hides how large the disk is, or it is a disk format inside a compressed file.
 */
export async function openContent(options: ContentOptions): Promise<Content> {
  const facts = await inspectImage(options);
  if (facts.compression === undefined) return openedDisk(facts, options);
  if (facts.format === 'raw' && facts.virtualSize !== undefined) {
    const { path, compression, virtualSize } = facts;
    return {
      virtualSizeBytes: virtualSize,
      blocks: ({ signal }) =>
        streamBlocks(
          decompress({ compression, source: createReadStream(path, { highWaterMark: readBytes }), signal }),
        ),
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const { path, rawPath: output } = options;
  return openedDisk(
    await convertImage({ ...options, image: { path }, format: 'raw', output, reuse: true }),
    options,
  );
}

const readBytes = 1024 * 1024;

async function openedDisk(
  {
    path,
    format,
    virtualSize,
  }: { readonly path: string; readonly format: DiskImageFormat; readonly virtualSize: number },
  { signal }: ContentOptions,
): Promise<Content> {
  const disk = await openDisk({ path, format, signal });
  return {
    virtualSizeBytes: virtualSize,
    blocks: ({ signal }) => diskBlocks({ disk, signal }),
    [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose](),
  };
}
