import { findUnfinished } from '@ec2-image/janitor';
import { exitCodes } from '../errors/exit-code.ts';
import { openScope, scopeFlagsOf } from '../janitor/scope.ts';
import { renderStatus, statusDocument, statusIds } from '../render/status-report.ts';
import type { CommonSettings } from '../settings.ts';
import { columnsOf } from './columns-of.ts';
import { TableCommand } from './common.ts';

export class StatusCommand extends TableCommand {
  static override paths = [['status']];

  protected override checkUsage(): void {
    scopeFlagsOf(this.given);
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const { signal, log } = settings;
    const onNotice = (message: string) => this.tell(message);
    await using scope = await openScope(scopeFlagsOf(this.given), settings, onNotice);
    const found = await findUnfinished({ ...scope, signal, onNotice });
    await this.printResult(
      {
        document: () => statusDocument(found),
        ids: () => statusIds(found),
        text: () => renderStatus(found, { width: columnsOf(this.context.stdout) }),
      },
      log,
    );
    return found.gaps.length > 0 ? exitCodes.incomplete : exitCodes.done;
  }
}
