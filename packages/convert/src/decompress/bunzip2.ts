import type { ProgramEnd } from '../process/run-program.ts';
import { decodeByProgram } from './decode-by-program.ts';
import { corruptCompression, truncatedCompression } from './errors.ts';

export interface Bunzip2Options {
  readonly signal?: AbortSignal;
  readonly onNotice?: (message: string) => void;
}

/** bzip2's own need is 4 MiB at most; the rest is what its libraries and its stack map. */
const memoryBytes = 256 * 1024 ** 2;

/** By the bzip2 program, which Node has no decoder for. */
export function bunzip2(
  source: AsyncIterable<Buffer>,
  { signal, onNotice }: Bunzip2Options,
): AsyncGenerator<Buffer> {
  return decodeByProgram(source, {
    name: 'bzip2',
    args: ['--decompress', '--stdout'],
    memoryBytes,
    onSuccess({ stderr }) {
      if (/trailing garbage/i.test(stderr)) onNotice?.('ignoring bytes behind the end of the bzip2 data');
    },
    explain: ({ stderr, exitCode }: ProgramEnd) =>
      /ends unexpectedly/i.test(stderr)
        ? truncatedCompression('bzip2', stderr)
        : corruptCompression('bzip2', `bzip2 ended with exit code ${exitCode}`, stderr),
    signal,
  });
}
