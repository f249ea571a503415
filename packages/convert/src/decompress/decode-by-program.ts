import { pipeline } from 'node:stream';
import type { ProgramName } from '../process/programs.ts';
import { type ProgramEnd, startProgram } from '../process/run-program.ts';

export interface DecodeByProgramOptions {
  readonly name: ProgramName;
  readonly args: readonly string[];
  /** Of address space. */
  readonly memoryBytes: number;
  /** The error for an exit code other than 0. */
  readonly explain: (end: ProgramEnd) => Error;
  readonly onSuccess?: (end: ProgramEnd) => void;
  readonly signal?: AbortSignal;
}

/** The output of a program that gets a source as its standard input. Left early, it ends program and source. */
export async function* decodeByProgram(
  source: AsyncIterable<Buffer>,
  { name, args, memoryBytes, explain, onSuccess, signal }: DecodeByProgramOptions,
): AsyncGenerator<Buffer> {
  const program = await startProgram({ name, args, limits: { memoryBytes }, signal });
  let sourceError: unknown;
  pipeline(source, program.stdin, (error) => {
    // EPIPE and a premature close mean that the program ended first; why, its exit code tells.
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
    // The end of its input, even by an error, looks like a truncated file to a decoder.
    if (sourceError) throw sourceError;
    if (end.exitCode !== 0) throw explain(end);
    onSuccess?.(end);
  } finally {
    program.stop();
  }
}
