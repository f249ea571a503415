import type { CheckReport, CheckState } from '../doctor/checks.ts';
import { exitCodes } from '../exit-code.ts';
import { renderTable } from '../render/table.ts';
import { type CommonSettings, TableCommand } from './common.ts';

export class DoctorCommand extends TableCommand {
  static override paths = [['doctor']];

  protected async run(settings: CommonSettings): Promise<number> {
    const { examine } = await import('../doctor/examine.ts');
    const reports = await examine({
      settings,
      buckets: this.given.values('bucket') ?? [],
      roleName: this.given.value('role-name'),
    });
    this.context.stdout.write(
      this.json
        ? `${JSON.stringify({ version: 1, doctor: { checks: reports } }, null, 2)}\n`
        : `${renderChecks(reports)}\n`,
    );
    return reports.some(({ state }) => state === 'failed') ? exitCodes.failed : exitCodes.done;
  }
}

const marks: Readonly<Record<CheckState, string>> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  skipped: 'skipped',
};

function renderChecks(reports: readonly CheckReport[]): string {
  const hints = reports
    .filter(({ hint }) => hint !== undefined)
    .map(({ check, hint }) => `${check}: ${hint}`);
  return [
    renderTable(
      reports.map(({ check, state, detail }) => [check, marks[state], detail.replaceAll('\n', ' ')]),
    ),
    ...(hints.length > 0 ? [hints.join('\n')] : []),
  ].join('\n\n');
}
