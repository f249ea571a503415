import type { CheckReport, CheckState } from '../doctor/checks.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { renderTable } from '../render/table.ts';
import type { CommonSettings } from '../settings.ts';
import { TableCommand } from './common.ts';

export class DoctorCommand extends TableCommand {
  static override paths = [['doctor']];

  /** It says what is wrong; it does not wait for that to pass. */
  protected override readonly defaultOutageTimeoutMs = 10_000;

  protected async run(settings: CommonSettings): Promise<number> {
    const { examine } = await import('../doctor/examine.ts');
    const reports = await examine({
      settings,
      flag: (key) => this.given.value(key),
      buckets: this.given.values('bucket') ?? [],
      roleName: this.given.value('role-name'),
    });
    await this.printResult(
      {
        document: () => ({ version: 1, doctor: { checks: reports } }),
        // A check has no id but its name: those that did not pass.
        ids: () => reports.filter(({ state }) => state === 'failed').map(({ check }) => check),
        text: () => renderChecks(reports),
      },
      settings.log,
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
