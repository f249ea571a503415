import { completionScripts } from '../completion/scripts.ts';
import { UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { type ShellName, shellNames } from '../options/commands/setup.ts';
import { show } from '../options/kinds/kind.ts';
import { didYouMean } from '../options/suggest.ts';
import type { CommonSettings } from '../settings.ts';
import { TableCommand } from './common.ts';

export class CompletionCommand extends TableCommand {
  static override paths = [['completion']];

  protected override checkUsage(): void {
    this.shell();
  }

  protected async run({ log }: CommonSettings): Promise<number> {
    const shell = this.shell();
    const script = completionScripts[shell];
    const text = () => script.trimEnd();
    await this.printResult(
      { document: () => ({ version: 1, completion: { shell, script } }), ids: () => [text()], text },
      log,
    );
    return exitCodes.done;
  }

  /** @throws UsageError `USAGE` */
  private shell(): ShellName {
    const word = this.operands[0]!;
    const shell = shellNames.find((one) => one === word);
    if (shell) return shell;
    throw new UsageError(
      'USAGE',
      `no completion for the shell ${show(word)}${didYouMean(word, shellNames)}`,
      { hint: 'Give bash, zsh or fish.' },
    );
  }
}
