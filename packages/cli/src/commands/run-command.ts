import { type BaseContext, Cli } from 'clipanion';
import { type ExitCode, exitCodes } from '../errors/exit-code.ts';
import { loadCommand } from './load-command.ts';

/**
 * Runs the command that the first word names, `help` by default. Throws what the command throws, and a UsageError for a
 * command line that is none.
 *
 * clipanion's own `run` is passed by: it prints errors to stdout, exits 1 on a wrong option and shows the stack of
 * every error that it does not know.
 */
export async function runCommand(argv: readonly string[], context: BaseContext): Promise<ExitCode> {
  const [word = 'help', ...rest] = argv;
  const cli = Cli.from([await loadCommand(word)], { binaryName: 'ec2-image' });
  const command = cli.process([word, ...rest], context);
  return ((await command.validateAndExecute()) ?? exitCodes.done) as ExitCode;
}
