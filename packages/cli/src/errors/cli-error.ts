import { type ErrorCode, ExplainedError, type Explanation } from '@ec2-image/explained-error';
import { type ExitCode, exitCodes } from './exit-code.ts';

export class CliError extends ExplainedError {
  override name = 'CliError';
}

/** The command line or the configuration is wrong: nothing was started. Exit code 2. */
export class UsageError extends CliError {
  override name = 'UsageError';

  constructor(code: ErrorCode, message: string, explanation: Explanation) {
    super(code, message, explanation);
  }
}

/** Ctrl-C or SIGTERM: the reason every abort of a run carries. */
export class Interrupted extends CliError {
  override name = 'Interrupted';
  readonly signalName: string;

  /** @param hint what else is true of the command that was interrupted */
  constructor(signalName: string, hint = '') {
    super('INTERRUPTED', `interrupted by ${signalName}`, { hint, resumable: true });
    this.signalName = signalName;
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Interrupted) return exitCodes.interrupted;
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}
