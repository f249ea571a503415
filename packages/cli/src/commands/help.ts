import { Command, Option } from 'clipanion';
import { UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { parseArguments } from '../options/arguments.ts';
import { isCommand } from '../options/commands.ts';
import { renderCommandHelp, renderOverview } from '../render/help.ts';
import { version } from '../version.ts';
import { columnsOf } from './columns-of.ts';
import { unknownCommand } from './unknown-command.ts';

/** `ec2-image help [COMMAND]` and `ec2-image --help`. */
export class HelpCommand extends Command {
  static override paths = [['help'], ['--help'], ['-h']];

  args = Option.Proxy();

  async execute(): Promise<number> {
    const { stdout } = this.context;
    const columns = columnsOf(stdout);
    const name = this.args.find((word) => !word.startsWith('-') && word !== 'help');
    if (name !== undefined && !isCommand(name)) throw unknownCommand(name);
    const others = this.args.filter((word) => word !== name && !helpWords.includes(word));
    if (name !== undefined) parseArguments(name, ['--help', ...others]);
    else if (others[0] !== undefined) throw unknownOption(others[0]);
    stdout.write(
      name === undefined ? renderOverview({ version, columns }) : renderCommandHelp(name, { columns }),
    );
    return exitCodes.done;
  }
}

const helpWords: readonly string[] = ['help', '--help', '-h'];

function unknownOption(word: string): UsageError {
  return new UsageError('USAGE', `unknown option ${word}`, {
    hint: 'See `ec2-image help`, or `ec2-image help COMMAND`.',
  });
}
