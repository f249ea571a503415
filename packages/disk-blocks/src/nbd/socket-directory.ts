import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DiskBlocksError } from '../errors.ts';

/** In bytes; macOS takes the fewest (sys/un.h: 104 with the byte that ends the path), Linux 108. */
const maxPathBytes = 103;

/**
 * Makes a directory that only this user can enter, for a socket called `socket`: where temporary files go, or below `/tmp` where
 * that path is longer than one of a socket may be.
 *
 * @throws DiskBlocksError `LOCAL_FAILURE`
 */
export async function makeSocketDirectory(): Promise<string> {
  const temporary = resolve(tmpdir());
  const path = join(temporary, 'ec2-image-nbd-XXXXXX', 'socket');
  const isTooLong = Buffer.byteLength(path) > maxPathBytes;
  const directory = isTooLong ? '/tmp' : temporary;
  try {
    return await mkdtemp(join(directory, 'ec2-image-nbd-'));
  } catch (cause) {
    throw new DiskBlocksError(
      'LOCAL_FAILURE',
      `cannot make a temporary directory in ${directory} (${(cause as Error).message})`,
      {
        hint: 'Set TMPDIR to a directory that can be written to, then run the same command again.',
        cause,
        facts: { directory },
      },
    );
  }
}
