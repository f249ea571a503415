import { blockDevice, type ImageFile } from './block-device.ts';
import { runQemuImg } from './qemu-img.ts';

/**
 * Bytes of the disk that its image says hold data, in steps of 64 KiB. Of a VHDX all of the disk: qemu-img reads
 * none of its tables.
 *
 * Asked of it is the size of a qcow2, since for a raw file it counts holes too. The tables of that are the same
 * whatever the disk holds.
 *
 * @returns 0 where qemu-img cannot tell
 */
export async function allocatedBytes(
  source: ImageFile & { readonly virtualSize: number },
  signal?: AbortSignal,
): Promise<number> {
  const { exitCode, stdout } = await runQemuImg({
    args: ['measure', '--output=json', '-O', 'qcow2', await blockDevice(source)],
    signal,
  });
  if (exitCode !== 0) return 0;
  const { required, 'fully-allocated': most } = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  if (typeof required !== 'number' || typeof most !== 'number') return 0;
  return Math.max(0, source.virtualSize - (most - required));
}
