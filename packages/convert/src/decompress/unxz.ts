import { pipeline } from 'node:stream';
import { type ProgramEnd, startProgram } from '../process/run-program.ts';
import { corruptCompression, decompressionMemory, truncatedCompression } from './errors.ts';
import { maxXzMemoryBytes } from './limits.ts';

/**
 * By the xz program, which node has no decoder for. It takes several threads where the file was made in blocks
 * (`xz -T`) and the memory limit allows.
 */
export async function* unxz(source: AsyncIterable<Buffer>, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const program = await startProgram({
    name: 'xz',
    args: ['--decompress', '--stdout', '--format=xz', '--threads=0', `--memlimit=${maxXzMemoryBytes}`],
    // Behind xz's own limit, and far above it: the stacks of its threads count, on machines with many cores.
    limits: { memoryBytes: 16 * maxXzMemoryBytes },
    missing: { code: 'XZ_MISSING', hint: 'Install it: `apt-get install xz-utils`, or `dnf install xz`.' },
    signal,
  });
  let sourceError: unknown;
  pipeline(source, program.stdin, (error) => {
    // EPIPE and a premature close mean that xz ended first; why, its exit code tells.
    const code = (error as { code?: string } | null | undefined)?.code;
    if (error && code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') {
      sourceError = error;
      program.stop();
    }
  });
  try {
    for await (const chunk of program.stdout) yield chunk as Buffer;
    const end = await program.ended.catch((error: unknown) => {
      throw sourceError ?? error;
    });
    // Its input's end, even by an error, looks like a truncated file to xz.
    if (sourceError) throw sourceError;
    if (end.exitCode !== 0) throw explain(end);
  } finally {
    program.stop();
  }
}

function explain({ exitCode, stderr }: ProgramEnd) {
  if (/memory usage limit|cannot allocate memory/i.test(stderr))
    return decompressionMemory('xz', `${maxXzMemoryBytes} bytes`, stderr);
  if (/unexpected end of input/i.test(stderr)) return truncatedCompression('xz', stderr);
  return corruptCompression(
    'xz',
    stderr.replace(/^.*\(stdin\):\s*/s, '') || `xz ended with exit code ${exitCode}`,
  );
}
