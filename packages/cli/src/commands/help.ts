import { Command } from 'clipanion';
import { exitCodes } from '../exit-code.ts';
import { renderOverview } from '../render/help.ts';
import { version } from '../version.ts';

/** `ec2-image`, `ec2-image help` and `ec2-image --help`. */
export class HelpCommand extends Command {
  static override paths = [['help'], ['--help'], ['-h'], Command.Default];

  async execute(): Promise<number> {
    this.context.stdout.write(renderOverview({ version, commands: this.cli.definitions() }));
    return exitCodes.done;
  }
}

export class VersionCommand extends Command {
  static override paths = [['--version'], ['-v']];

  async execute(): Promise<number> {
    this.context.stdout.write(`${version}\n`);
    return exitCodes.done;
  }
}
