import { ExplainedError } from '@ec2-image/explained-error';

/** A disk that cannot be read. */
export class DiskBlocksError extends ExplainedError {
  override name = 'DiskBlocksError';
}

export function nbdFailed(what: string): DiskBlocksError {
  return new DiskBlocksError('NBD_FAILED', `qemu-nbd sent ${what}`, {
    hint: 'Run the same command again; if the error persists, convert the image to raw first.',
  });
}
