import type { BaseContext } from 'clipanion';
import { versionWords } from './commands/meta-words.ts';
import { type ExitCode, exitCodes } from './errors/exit-code.ts';
import { version } from './version.ts';

/**
 * Runs one command line and gives its exit code. Never throws.
 *
 * The version is printed by itself: what parses a command line takes longer to load than Node to start.
 */
export async function main(argv: readonly string[], context: BaseContext): Promise<ExitCode> {
  const [word = 'help'] = argv;
  if (asksForVersion(argv)) {
    context.stdout.write(`${version}\n`);
    return exitCodes.done;
  }
  try {
    const { runCommand } = await import('./commands/run-command.ts');
    return await runCommand(argv, context);
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

/** Whether nothing but the version is asked for. */
export function asksForVersion([word]: readonly string[]): boolean {
  return versionWords.some((one) => one === word);
}
