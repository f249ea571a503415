import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { intoPlace } from './into-place.ts';
import { runTool } from './run-tool.ts';

export type ImageFormat = 'raw' | 'qcow2' | 'vmdk' | 'vhd' | 'vhdx' | 'raw.xz' | 'raw.gz' | 'raw.zst';

export interface PackImageOptions {
  /** A raw disk. */
  readonly disk: { readonly path: string };
  readonly format: ImageFormat;
  /** Where the image goes; what is there is replaced. */
  readonly output: string;
  readonly signal?: AbortSignal;
}

export interface PackedImage {
  readonly path: string;
  readonly format: ImageFormat;
  /** Of the file. */
  readonly sizeBytes: number;
}

type Pack = (options: {
  readonly disk: string;
  readonly output: string;
  readonly signal?: AbortSignal;
}) => Promise<void>;

const packers: Record<ImageFormat, Pack> = {
  raw: qemuImg('raw'),
  // As distributions publish it: compressed.
  qcow2: qemuImg('qcow2', '-c'),
  vmdk: qemuImg('vmdk', '-o', 'subformat=streamOptimized'),
  vhd: qemuImg('vpc', '-o', 'subformat=dynamic,force_size=on'),
  vhdx: qemuImg('vhdx', '-o', 'subformat=dynamic'),
  // The quickest level: it is made to be unpacked again, not to be kept.
  'raw.xz': ({ disk, output, signal }) =>
    runTool('xz', { args: ['-T0', '-0', '--stdout', '--', disk], outputFile: output, signal }),
  'raw.gz': ({ disk, output, signal }) =>
    pipeline(createReadStream(disk), createGzip({ level: 1 }), createWriteStream(output), { signal }),
  'raw.zst': ({ disk, output, signal }) => compressZstd(disk, output, signal),
};

/**
 * Packs a raw disk as an image of a format that distributions publish.
 *
 * @throws SampleImageError `TOOL_MISSING`, `TOOL_FAILED`
 */
export async function packImage({ disk, format, output, signal }: PackImageOptions): Promise<PackedImage> {
  await intoPlace(output, async (partial) => {
    try {
      await packers[format]({ disk: disk.path, output: partial, signal });
    } catch (error) {
      // A stream pipeline wraps the reason in an AbortError of its own.
      signal?.throwIfAborted();
      throw error;
    }
  });
  return { path: output, format, sizeBytes: (await stat(output)).size };
}

/** With its size in the header, as the zstd program writes it. */
async function compressZstd(disk: string, output: string, signal: AbortSignal | undefined): Promise<void> {
  const { size } = await stat(disk);
  const compress = createZstdCompress({ pledgedSrcSize: size });
  await pipeline(createReadStream(disk), compress, createWriteStream(output), { signal });
}

function qemuImg(format: string, ...options: string[]): Pack {
  return ({ disk, output, signal }) =>
    runTool('qemu-img', { args: ['convert', '-f', 'raw', '-O', format, ...options, disk, output], signal });
}
