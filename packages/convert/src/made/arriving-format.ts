import type { FileHandle } from 'node:fs/promises';
import { type GrowingFile, growingSource } from '@ec2-image/disk-blocks';
import { detectMagic } from '@ec2-image/image-headers';

/** Less cannot be a disk. */
export const sectorBytes = 512;

/**
 * What a file is that is still being downloaded. A raw disk is known by its end, too, where a VHD would have its footer.
 *
 * @returns undefined where it is anything but a qcow2 or a raw disk
 */
export async function arrivingFormat(
  file: FileHandle,
  growing: GrowingFile,
  signal?: AbortSignal,
): Promise<'qcow2' | 'raw' | undefined> {
  if (growing.fileSize < sectorBytes) return undefined;
  const magic = await detectMagic(growingSource(file, growing, signal));
  if (magic.kind === 'unknown') return 'raw';
  return magic.kind === 'disk' && magic.format === 'qcow2' ? 'qcow2' : undefined;
}
