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
