import { Command, Option } from 'clipanion';
import { UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { commandNames, isCommand } from '../options/commands.ts';
import { didYouMean } from '../options/suggest.ts';
import { renderCommandHelp, renderOverview } from '../render/help.ts';
import { version } from '../version.ts';
import { columnsOf } from './common.ts';

/** `ec2-image help [COMMAND]` and `ec2-image --help`. */
export class HelpCommand extends Command {
  static override paths = [['help'], ['--help'], ['-h']];

  args = Option.Proxy();

  async execute(): Promise<number> {
    const { stdout } = this.context;
    const columns = columnsOf(stdout);
    const [name] = this.args.filter((word) => !word.startsWith('-') && word !== 'help');
    if (name !== undefined && !isCommand(name)) throw unknownCommand(name);
    stdout.write(
      name === undefined ? renderOverview({ version, columns }) : renderCommandHelp(name, { columns }),
    );
    return exitCodes.done;
  }
}

export class VersionCommand extends Command {
  static override paths = [['--version'], ['-v']];

  args = Option.Proxy();

  async execute(): Promise<number> {
    this.context.stdout.write(`${version}\n`);
    return exitCodes.done;
  }
}

/** Commands that the table of commands does not hold. */
export const metaCommands: readonly string[] = [HelpCommand, VersionCommand].flatMap(({ paths }) =>
  paths.flatMap(([word]) => word ?? []),
);

/** @returns a UsageError `USAGE` */
export function unknownCommand(word: string): UsageError {
  const hint = 'See `ec2-image --help` for the commands.';
  return word.startsWith('-')
    ? new UsageError('USAGE', `expected a command before ${word}${didYouMean(word, metaCommands)}`, { hint })
    : new UsageError(
        'USAGE',
        `unknown command ${JSON.stringify(word)}${didYouMean(word, [...commandNames, 'help'])}`,
        { hint },
      );
}
