import { findUnfinished } from '@ec2-image/janitor';
import { imageNamed, isTested } from '../config/configured-images.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { openPublishedScope } from '../janitor/published-scope.ts';
import { scopeFlagsOf } from '../janitor/scope.ts';
import { connectionFlags } from '../render/connection-flags.ts';
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
    const { signal, log, file } = settings;
    const onNotice = (message: string) => this.tell(message);
    await using scope = await openPublishedScope(scopeFlagsOf(this.given), settings, onNotice);
    const found = await findUnfinished({
      ...scope,
      imageNamed: (amiName, shortDigest) => imageNamed(amiName, { shortDigest, file }),
      isTested: (name) => isTested(name, file),
      signal,
      onNotice,
    });
    await this.printResult(
      {
        document: () => statusDocument(found),
        ids: () => statusIds(found),
        text: () =>
          renderStatus(found, {
            width: columnsOf(this.context.stdout),
            connection: connectionFlags(settings),
          }),
      },
      log,
    );
    return found.gaps.length > 0 ? exitCodes.incomplete : exitCodes.done;
  }
}
