import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { confine, type Limits } from './confine.ts';
import { findProgram } from './find-program.ts';

export interface ConfinedProcessOptions {
  /** Looked up on the PATH. */
  readonly name: string;
  /** Passed as they are, without a shell. Paths among them are absolute. */
  readonly args: readonly string[];
  readonly limits: Limits;
  readonly signal?: AbortSignal;
}

export interface ConfinedProcess {
  readonly stdin: Writable;
  /** Must be read to its end, or the program waits forever. */
  readonly stdout: Readable;
  /** Rejects with the signal's reason after an abort, and with nothing else. */
  readonly ended: Promise<ProcessEnd>;
  /** Default `SIGKILL`. A program that outlives another signal for half a second is killed. */
  stop(signal?: 'SIGKILL' | 'SIGTERM'): void;
}

export interface ProcessEnd {
  /** Undefined if a signal ended it, or if it did not start. */
  readonly exitCode?: number;
  readonly signal?: string;
  /** Its last few thousand characters. */
  readonly stderr: string;
  readonly cause?: unknown;
}

const maxStderrLength = 8192;
/** These programs have no state to clean up. */
const forceKillAfterMs = 500;

/**
 * Starts a program that reads untrusted files: under limits, killed by the kernel when this process ends, without this
 * process's environment except the PATH, and in the root directory. Undefined if the PATH has no such program.
 */
export async function startConfined(options: ConfinedProcessOptions): Promise<ConfinedProcess | undefined> {
  const { name, args, limits, signal } = options;
  signal?.throwIfAborted();
  const path = await findProgram(name);
  if (!path) return undefined;
  const [file, ...rest] = await confine([path, ...args], limits);
  const child = execa(file, rest, {
    env: cleanEnvironment(),
    extendEnv: false,
    // Whatever it looks up or writes by a name of its own, it does not find the user's files by it.
    cwd: '/',
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
  // A program that ends early does not read its input; its exit code tells why.
  child.stdin.on('error', () => {});

  const ended = child.then((result): ProcessEnd => {
    if (result.isCanceled) throw signal!.reason;
    const { exitCode, signal: killedBy, cause } = result;
    return { exitCode, signal: killedBy, stderr: stderr.trim(), cause };
  });
  // A caller that stops a program early no longer waits for its end.
  ended.catch(() => {});
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    stop: (signal = 'SIGKILL') => void child.kill(signal),
  };
}

/** Messages in English, nothing of the user's environment, and few malloc arenas, which count as address space. */
function cleanEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C', MALLOC_ARENA_MAX: '2' };
}
