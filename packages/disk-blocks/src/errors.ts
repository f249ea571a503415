import { ExplainedError } from '@ec2-image/explained-error';

/** A disk that cannot be read. */
export class DiskBlocksError extends ExplainedError {
  override name = 'DiskBlocksError';
}

export function nbdFailed(what: string): DiskBlocksError {
  return new DiskBlocksError('NBD_FAILED', `qemu-nbd gave ${what}`, {
    hint: 'Run the same command again; if it stays so, convert first and give the raw disk.',
  });
}
