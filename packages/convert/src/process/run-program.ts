import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { ConvertError, type ConvertErrorCode } from '../errors.ts';
import { confine, type Limits } from './confine.ts';
import { findProgram } from './find-program.ts';

export interface ProgramOptions {
  readonly name: string;
  /** Each one as it is: no shell sees them. */
  readonly args: readonly string[];
  readonly limits: Limits;
  /** Thrown where the PATH has no such program. */
  readonly missing: { readonly code: ConvertErrorCode; readonly hint: string };
  readonly signal?: AbortSignal;
}

export interface RunningProgram {
  readonly stdin: Writable;
  /** Must be read to its end, or the program waits forever. */
  readonly stdout: Readable;
  /** Rejects with the signal's reason after an abort, and with `PROGRAM_KILLED` after a kill by anybody else. */
  readonly ended: Promise<ProgramEnd>;
  stop(): void;
}

export interface ProgramEnd {
  readonly exitCode: number;
  /** Its last few thousand characters. */
  readonly stderr: string;
}

const maxStderrLength = 8192;
/** qemu-img and xz have nothing to put in order. */
const forceKillAfterMs = 500;

/** @throws ConvertError the one `missing` says */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const { name, args, limits, missing, signal } = options;
  signal?.throwIfAborted();
  const path = await findProgram(name);
  if (!path) {
    throw new ConvertError(missing.code, `the program ${name} is not installed`, { hint: missing.hint });
  }
  const [file, ...rest] = await confine([path, ...args], limits);
  const child = execa(file, rest, {
    env: cleanEnvironment(),
    extendEnv: false,
    stdin: 'pipe',
    buffer: false,
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: forceKillAfterMs,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-maxStderrLength);
  });
  // A program that ends early leaves its input unread; its exit code tells why.
  child.stdin.on('error', () => {});

  const ended = child.then((result): ProgramEnd => {
    if (result.isCanceled) throw signal!.reason;
    if (result.exitCode !== undefined) return { exitCode: result.exitCode, stderr: stderr.trim() };
    throw new ConvertError(
      'PROGRAM_KILLED',
      `${name} ended by ${result.signal ?? 'an error before it began'}`,
      {
        hint: 'It was killed from outside, or reached a limit of memory or output: look at the system log and run again.',
        cause: result.cause,
        facts: { program: name, signal: result.signal, stderr: stderr.trim() },
      },
    );
  });
  // Whoever stops a program early no longer waits for its end.
  ended.catch(() => {});
  return { stdin: child.stdin, stdout: child.stdout, ended, stop: () => void child.kill('SIGKILL') };
}

/** Messages in English, nothing of the user's environment, and few malloc arenas, which count as address space. */
function cleanEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C', MALLOC_ARENA_MAX: '2' };
}
