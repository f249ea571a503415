import {
  type ConfinedProcess,
  type ConfinedProcessOptions,
  startConfined,
} from '@ec2-image/confined-process';
import { ConvertError, type ConvertErrorCode } from '../errors.ts';

export interface ProgramOptions extends ConfinedProcessOptions {
  /** Thrown where the PATH has no such program. */
  readonly missing: { readonly code: ConvertErrorCode; readonly hint: string };
}

export interface RunningProgram extends Omit<ConfinedProcess, 'ended'> {
  /** Rejects with the signal's reason after an abort, and with `PROGRAM_KILLED` after a kill by anybody else. */
  readonly ended: Promise<ProgramEnd>;
}

export interface ProgramEnd {
  readonly exitCode: number;
  /** Its last few thousand characters. */
  readonly stderr: string;
}

/** @throws ConvertError the one `missing` says */
export async function startProgram({ missing, ...options }: ProgramOptions): Promise<RunningProgram> {
  const { name } = options;
  const program = await startConfined(options);
  if (!program) {
    throw new ConvertError(missing.code, `the program ${name} is not installed`, { hint: missing.hint });
  }
  const ended = program.ended.then(({ exitCode, signal, stderr, cause }): ProgramEnd => {
    if (exitCode !== undefined) return { exitCode, stderr };
    throw new ConvertError('PROGRAM_KILLED', `${name} ended by ${signal ?? 'an error before it began'}`, {
      hint: 'Something killed it, or it reached a limit of memory or output: check the system log, then run the same command again.',
      cause,
      facts: { program: name, signal, stderr },
    });
  });
  // Whoever stops a program early no longer waits for its end.
  ended.catch(() => {});
  return { ...program, ended };
}
