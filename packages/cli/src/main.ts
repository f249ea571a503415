import { type BaseContext, Cli } from 'clipanion';
import { loadCommand } from './commands/load-command.ts';
import { type ExitCode, exitCodes } from './errors/exit-code.ts';

/**
 * Runs one command line and gives its exit code. Never throws.
 *
 * clipanion's own `run` is passed by: it prints errors to stdout, exits 1 on a wrong option and shows the stack of
 * every error that it does not know.
 */
export async function main(argv: readonly string[], context: BaseContext): Promise<ExitCode> {
  const [word = 'help', ...rest] = argv;
  try {
    const cli = Cli.from([await loadCommand(word)], { binaryName: 'ec2-image' });
    const command = cli.process([word, ...rest], context);
    return ((await command.validateAndExecute()) ?? exitCodes.done) as ExitCode;
  } catch (error) {
    const [{ reportFatal }, { isCommand }, { wants }] = await Promise.all([
      import('./render/report-fatal.ts'),
      import('./options/commands.ts'),
      import('./options/wants.ts'),
    ]);
    return reportFatal(error, {
      context,
      json: wants('json', argv, context.env),
      events: wants('events', argv, context.env),
      command: isCommand(word) ? word : undefined,
    });
  }
}
