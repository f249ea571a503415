import { execa } from 'execa';
import { findProgram } from './find-program.ts';

export interface Limits {
  /** Address space, in bytes. */
  readonly memoryBytes: number;
  /** The largest file that may be written, in bytes. */
  readonly fileBytes?: number;
}

/**
 * The command under util-linux's `prlimit` (no core dump, bounded memory and output) and `setpriv`, which has the
 * kernel kill it when we are killed: nobody else would. Both replace themselves by the command, so that its process
 * id, exit code and signal are what we see. Where one is not available, the command runs without it.
 */
export async function confine(
  command: readonly [string, ...string[]],
  { memoryBytes, fileBytes }: Limits,
): Promise<[string, ...string[]]> {
  const fsize = fileBytes === undefined ? [] : [`--fsize=${fileBytes}`];
  const [limits, death] = await Promise.all([
    prefix('prlimit', ['--core=0', `--as=${memoryBytes}`, ...fsize]),
    prefix('setpriv', ['--pdeathsig', 'KILL']),
  ]);
  return [...death, ...limits, ...command] as [string, ...string[]];
}

/** The program and its arguments, or nothing where it is missing, knows other options (busybox), or is forbidden. */
async function prefix(name: string, args: readonly string[]): Promise<string[]> {
  const path = await findProgram(name);
  if (!path) return [];
  const isUsable = usable.get(path) ?? succeeds(path, [...args, 'true']);
  usable.set(path, isUsable);
  return (await isUsable) ? [path, ...args] : [];
}

/** By path: asked once. */
const usable = new Map<string, Promise<boolean>>();

async function succeeds(path: string, args: readonly string[]): Promise<boolean> {
  return (await execa(path, args, { reject: false, stdio: 'ignore' })).exitCode === 0;
}
