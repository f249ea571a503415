import type { RequestedImport } from '../config/import-request.ts';
import type { CommonSettings } from '../settings.ts';
import { ImportCommand } from './import.ts';

/** Takes what `import` takes, and does what `import --dry-run` does. */
export class PlanCommand extends ImportCommand {
  static override paths = [['plan']];

  protected override run(settings: CommonSettings, requests: RequestedImport[]): Promise<number> {
    return this.plan(settings, requests);
  }
}
