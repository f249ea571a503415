import { Command, Option } from 'clipanion';
import { exitCodes } from '../errors/exit-code.ts';
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
    const [name] = this.args.filter((word) => !word.startsWith('-') && word !== 'help');
    if (name !== undefined && !isCommand(name)) throw unknownCommand(name);
    stdout.write(
      name === undefined ? renderOverview({ version, columns }) : renderCommandHelp(name, { columns }),
    );
    return exitCodes.done;
  }
}
