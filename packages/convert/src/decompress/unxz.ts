import type { ProgramEnd } from '../process/run-program.ts';
import { decodeByProgram } from './decode-by-program.ts';
import { corruptCompression, decompressionMemory, truncatedCompression } from './errors.ts';
import { watchXzEnds } from './xz-ends.ts';

export interface UnxzOptions {
  readonly signal?: AbortSignal;
  /** In bytes: of the dictionary and what goes with it. */
  readonly memoryBytes: number;
}

/**
 * By the xz program, which Node has no decoder for. It takes several threads where the file was made in blocks
 * (`xz -T`) and the memory limit allows.
 */
export async function* unxz(
  source: AsyncIterable<Buffer>,
  { signal, memoryBytes }: UnxzOptions,
): AsyncGenerator<Buffer> {
  const ends = watchXzEnds(source);
  yield* decodeByProgram(ends.watched, {
    name: 'xz',
    args: ['--decompress', '--stdout', '--format=xz', '--threads=0', `--memlimit=${memoryBytes}`],
    // Behind xz's own limit, and far above it: the stacks of its threads count, on machines with many cores.
    memoryBytes: 16 * memoryBytes,
    explain: (end) => explain(end, { memoryBytes, foreignBytes: ends.foreignBytes() }),
    signal,
  });
}

function explain(
  end: ProgramEnd,
  { memoryBytes, foreignBytes }: { readonly memoryBytes: number; readonly foreignBytes: number },
) {
  const { stderr } = end;
  if (/memory usage limit|cannot allocate memory/i.test(stderr)) {
    return decompressionMemory('xz', memoryBytes, stderr);
  }
  if (foreignBytes > 0) {
    return corruptCompression('xz', `${foreignBytes} bytes that are not xz follow its end`, stderr);
  }
  if (/unexpected end of input/i.test(stderr)) return truncatedCompression('xz', stderr);
  return corruptCompression('xz', reasonIn(end), stderr);
}

/** What xz says of its standard input. */
function reasonIn({ stderr, exitCode }: ProgramEnd): string {
  return stderr.replace(/^[^\n]*?\(stdin\): */, '').trim() || `xz ended with exit code ${exitCode}`;
}
