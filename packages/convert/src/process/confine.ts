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
 * id, exit code and signal are what we see. Where one is missing, the command goes without it.
 */
export async function confine(
  command: readonly [string, ...string[]],
  { memoryBytes, fileBytes }: Limits,
): Promise<[string, ...string[]]> {
  const [prlimit, setpriv] = await Promise.all([findProgram('prlimit'), findProgram('setpriv')]);
  let confined: [string, ...string[]] = [...command];
  if (prlimit) {
    const fsize = fileBytes === undefined ? [] : [`--fsize=${fileBytes}`];
    confined = [prlimit, '--core=0', `--as=${memoryBytes}`, ...fsize, ...confined];
  }
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', ...confined] : confined;
}
