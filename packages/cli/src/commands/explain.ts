import { type ErrorCode, errorCodes, isErrorCode } from '@ec2-image/explained-error';
import { UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { show } from '../options/kinds/kind.ts';
import { didYouMean } from '../options/suggest.ts';
import { errorPage, renderErrorCode } from '../render/error-document.ts';
import type { CommonSettings } from '../settings.ts';
import { TableCommand } from './common.ts';

export class ExplainCommand extends TableCommand {
  static override paths = [['explain']];

  protected override checkUsage(): void {
    this.code();
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const code = this.code();
    const { means, remedy } = errorCodes[code];
    await this.printResult(
      {
        document: () => ({ version: 1, explain: { code, means, remedy, page: errorPage(code) } }),
        ids: () => [code],
        text: () => renderErrorCode(code).trimEnd(),
      },
      settings.log,
    );
    return exitCodes.done;
  }

  /** @throws UsageError `USAGE` */
  private code(): ErrorCode {
    const word = this.operands[0]!;
    const code = word.toUpperCase();
    if (isErrorCode(code)) return code;
    throw new UsageError(
      'USAGE',
      `unknown error code ${show(word)}${didYouMean(word, Object.keys(errorCodes))}`,
      { hint: 'docs/errors.md lists the codes.' },
    );
  }
}
