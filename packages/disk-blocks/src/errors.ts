import { ExplainedError } from '@ec2-image/explained-error';

/** A disk that cannot be read. */
export class DiskBlocksError extends ExplainedError {
  override name = 'DiskBlocksError';
}

/** Of an image whose data QEMU itself cannot read. */
export function dataUnreadable(said: string): DiskBlocksError {
  return new DiskBlocksError('DATA_UNREADABLE', `qemu-nbd cannot read the image: ${said}`, {
    hint: 'Check the image with `qemu-img check`, and download it again.',
  });
}

export function nbdFailed(what: string): DiskBlocksError {
  return new DiskBlocksError('NBD_FAILED', `qemu-nbd sent ${what}`, {
    hint: 'Run the same command again; if the error persists, convert the image to raw first.',
  });
}

export function diskTooLarge(maxDataBytes: number): DiskBlocksError {
  return new DiskBlocksError(
    'DISK_TOO_LARGE',
    `the disk holds more data than the limit of ${maxDataBytes} bytes`,
    { hint: 'Raise the limit (--max-disk-size) if you trust the image.', facts: { maxDataBytes } },
  );
}

/** Of tables that name more than any disk needs, whether it is data or zeros. */
export function mapTooLarge(maxMapMs: number): DiskBlocksError {
  return new DiskBlocksError(
    'DISK_TOO_LARGE',
    `the image's tables take longer to read than ${maxMapMs / 1000} s`,
    { hint: 'The image is corrupt or malicious; download it from another source.', facts: { maxMapMs } },
  );
}
