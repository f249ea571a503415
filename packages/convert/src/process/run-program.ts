import {
  type ConfinedProcess,
  type ConfinedProcessOptions,
  startConfined,
} from '@ec2-image/confined-process';
import { ConvertError } from '../errors.ts';
import { missingProgram, type ProgramName } from './programs.ts';

export interface ProgramOptions extends ConfinedProcessOptions {
  readonly name: ProgramName;
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

/** @throws ConvertError `QEMU_IMG_MISSING`, `XZ_MISSING` or `BZIP2_MISSING` where the PATH has no such program */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const { name } = options;
  const program = await startConfined(options);
  if (!program) throw missingProgram(name);
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
