import type { Writable } from 'node:stream';
import type { BaseContext } from 'clipanion';
import { type ExitCode, exitCodes, worstExitCode } from '../errors/exit-code.ts';

export interface Outputs {
  /** Waits until the result is written. The exit code, worse than `code` where the result is lost; then it is said on stderr. */
  end(code: ExitCode): Promise<ExitCode>;
}

/**
 * Keeps a run going whatever becomes of its outputs: a terminal that was closed, a reader that went away, a full disk.
 * What cannot be shown is dropped. Without this, the first failed write ends the process where it stands.
 */
export function guardOutputs({ stdout, stderr }: Pick<BaseContext, 'stdout' | 'stderr'>): Outputs {
  let lost: NodeJS.ErrnoException | undefined;
  stderr.on('error', () => {});
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough, as `| head` has, is not an error.
    if (error.code !== 'EPIPE') lost ??= error;
  });
  return {
    async end(code) {
      await written(stdout);
      if (!lost) return code;
      const [{ CliError }, { explain }, { renderError }] = await Promise.all([
        import('../errors/cli-error.ts'),
        import('../errors/explain.ts'),
        import('../render/error.ts'),
      ]);
      const error = new CliError('OUTPUT_FAILED', `cannot write the result to stdout: ${lost.message}`, {
        hint: 'Only the report is lost; what the run did remains. Free some space or send the output elsewhere, then run the same command again.',
        cause: lost,
      });
      stderr.write(`${renderError(explain(error))}\n`);
      return worstExitCode([code, exitCodes.failed]);
    },
  };
}

/** Until all that was given to the stream so far is written, or has failed. */
function written(stream: Writable): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()));
}
