import { findAmis } from '@ec2-image/janitor';
import { exitCodes } from '../errors/exit-code.ts';
import { openScope, scopeFlagsOf } from '../janitor/scope.ts';
import { listDocument, listIds, renderList } from '../render/list-report.ts';
import type { CommonSettings } from '../settings.ts';
import { columnsOf } from './columns-of.ts';
import { TableCommand } from './common.ts';

export class ListCommand extends TableCommand {
  static override paths = [['list']];

  protected override checkUsage(): void {
    scopeFlagsOf(this.given);
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const { signal, log } = settings;
    const layout = this.given.value('layout') ?? 'table';
    const onNotice = (message: string) => this.tell(message);
    await using scope = await openScope(scopeFlagsOf(this.given), settings, onNotice);
    const found = await findAmis({ ...scope, signal, onNotice });
    await this.printResult(
      {
        document: () => listDocument(found, { layout }),
        ids: () => listIds(found, { layout }),
        text: () => renderList(found, { layout, width: columnsOf(this.context.stdout) }),
      },
      log,
    );
    return found.gaps.length > 0 ? exitCodes.incomplete : exitCodes.done;
  }
}
