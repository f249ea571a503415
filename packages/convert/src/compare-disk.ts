import { type ImageFormat, readImageHeader } from '@ec2-image/image-headers';
import { ConvertError } from './errors.ts';
import { blockDevice, type ImageFile } from './qemu/block-device.ts';
import type { DiskFormat } from './qemu/output-format.ts';
import { runQemuImg } from './qemu/qemu-img.ts';
import { withSource } from './with-source.ts';

export interface CompareOptions {
  readonly disk: {
    readonly path: string;
    readonly format: DiskFormat;
    readonly source: { readonly path: string; readonly format: ImageFormat };
  };
  readonly signal?: AbortSignal;
  /** In bytes of the disk. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * Proves that a disk holds what its source holds, byte for byte, by reading both to the end. A disk that is its own
 * source was not converted, and there is nothing to compare.
 *
 * @throws ConvertError `DISK_DIFFERS`, with the offset of the first difference; `COMPARISON_FAILED`
 */
export async function compareDisk({ disk, signal, onProgress }: CompareOptions): Promise<void> {
  const { source } = disk;
  if (disk.path === source.path) return;
  const total = await sizeOf(source);
  const diskSize = await sizeOf(disk);
  if (diskSize !== total) {
    throw differs(`it has ${diskSize} bytes, the source ${total}`, { diskSize, sourceSize: total });
  }
  const { exitCode, stdout, stderr } = await runQemuImg({
    args: ['compare', '-p', blockDevice(source), blockDevice(disk)],
    signal,
    onFraction: (fraction) => onProgress?.({ done: Math.floor(fraction * total), total }),
  });
  if (exitCode === 0) return;
  if (exitCode === 1) {
    const offset = Number(/offset (\d+)/.exec(stdout)?.[1]);
    throw differs(`the first difference is at byte ${offset}`, { offset });
  }
  throw new ConvertError('COMPARISON_FAILED', `qemu-img cannot compare the disk with its source: ${stderr}`, {
    hint: 'Run the command again; the disk is not used before the comparison succeeds.',
    facts: { exitCode, stderr },
  });
}

/** Both are held to the rules for hostile images again: they may have changed since they were inspected. */
async function sizeOf({ path, format }: ImageFile): Promise<number> {
  const header = await withSource(path, readImageHeader);
  if (header.format === format) return header.virtualSize;
  throw new ConvertError('COMPARISON_FAILED', `${path} is a ${header.format} image, not ${format}`, {
    hint: 'Something else has changed the file: run the command again.',
    facts: { path },
  });
}

function differs(how: string, facts: Readonly<Record<string, number>>): ConvertError {
  return new ConvertError('DISK_DIFFERS', `the converted disk differs from its source: ${how}`, {
    hint: 'Remove the converted disk and run the command again; if it happens twice, check memory and disk of this machine.',
    facts,
  });
}
