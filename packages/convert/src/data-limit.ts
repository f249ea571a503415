import { DiskBlocksError, openImageReader } from '@ec2-image/disk-blocks';
import { diskTooLarge } from './errors.ts';
import { allocatedBytes } from './qemu/allocated-bytes.ts';
import type { ImageFile } from './qemu/block-device.ts';

interface DataLimitOptions extends ImageFile {
  /** In bytes. */
  readonly virtualSize: number;
  /** What the image can hold at most, as its header says, in bytes. */
  readonly maxDataBytes: number;
  /** In bytes of data, zeros not counted. */
  readonly maxDiskSize: number;
  readonly signal?: AbortSignal;
}

/**
 * Refuses an image whose tables say that its disk holds more data, or that take longer to read than those of any image that is
 * published. Our own reader stops at the limit; what it does not read, qemu-img counts to the end.
 *
 * @throws ConvertError `DISK_TOO_LARGE`
 */
export async function requireDataWithin(options: DataLimitOptions): Promise<void> {
  if (options.format === 'qcow2' && (await isReadWithin(options))) return;
  const { maxDataBytes, maxDiskSize } = options;
  const counted = await countedBytes(options);
  const dataBytes = counted === undefined ? undefined : Math.min(counted, maxDataBytes);
  if (dataBytes === undefined || dataBytes > maxDiskSize) throw diskTooLarge({ dataBytes, maxDiskSize });
}

/** False where the image has to be read by QEMU. */
async function isReadWithin({ path, maxDiskSize, signal }: DataLimitOptions): Promise<boolean> {
  try {
    const { reader } = await openImageReader({
      path,
      format: 'qcow2',
      maxDataBytes: maxDiskSize,
      maxMapMs: maxCountMs,
      signal,
    });
    await reader?.[Symbol.asyncDispose]();
    return reader !== undefined;
  } catch (error) {
    if (error instanceof DiskBlocksError && error.code === 'DISK_TOO_LARGE')
      throw diskTooLarge({ maxDiskSize });
    throw error;
  }
}

const maxCountMs = 60_000;

/** Undefined where counting takes too long. */
async function countedBytes({ signal, ...image }: DataLimitOptions): Promise<number | undefined> {
  const deadline = AbortSignal.timeout(maxCountMs);
  try {
    return await allocatedBytes(image, signal ? AbortSignal.any([signal, deadline]) : deadline);
  } catch (error) {
    if (deadline.aborted && !signal?.aborted) return undefined;
    throw error;
  }
}
