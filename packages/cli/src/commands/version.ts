import { Command, Option } from 'clipanion';
import { exitCodes } from '../errors/exit-code.ts';
import { version } from '../version.ts';

/** `ec2-image --version`. */
export class VersionCommand extends Command {
  static override paths = [['--version'], ['-v']];

  args = Option.Proxy();

  async execute(): Promise<number> {
    this.context.stdout.write(`${version}\n`);
    return exitCodes.done;
  }
}
