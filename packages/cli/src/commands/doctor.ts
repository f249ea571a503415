import { policies } from '@ec2-image/aws-call';
import { createTemplate, renderCommands } from '../doctor/fix.ts';
import type { CheckReport, CheckState } from '../doctor/report.ts';
import { UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { renderTable } from '../render/table.ts';
import type { CommonSettings } from '../settings.ts';
import { TableCommand } from './common.ts';

export class DoctorCommand extends TableCommand {
  static override paths = [['doctor']];

  /** It says what is wrong; it does not wait for that to pass. */
  protected override readonly defaultOutageTimeoutMs = policies.examination.limitMs;

  protected override checkUsage(): void {
    if (!this.given.value('cloudformation') || this.given.value('fix')) return;
    throw new UsageError('USAGE', '--cloudformation requires --fix', { hint: 'Give both.' });
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const { examine } = await import('../doctor/examine.ts');
    const reports = await examine({ settings, given: this.given });
    const nothingFound = reports.every(({ state }) => state === 'ok');
    const fixes = reports.flatMap(({ fix }) => fix ?? []);
    const report = () => renderChecks(reports, nothingFound);
    const isFix = this.given.value('fix') ?? false;
    if (isFix && this.forPeople) this.tell(report());
    const fix = () =>
      this.given.value('cloudformation')
        ? JSON.stringify(createTemplate(fixes), null, 2)
        : renderCommands(fixes);
    await this.printResult(
      {
        document: () => ({ version: 1, doctor: { checks: reports, nothingFound } }),
        // A check has no id but its name: those that did not pass.
        ids: () => reports.filter(({ state }) => state === 'failed').map(({ check }) => check),
        text: () => (isFix ? fix() : report()),
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

function renderChecks(reports: readonly CheckReport[], nothingFound: boolean): string {
  const hints = reports
    .filter(({ hint }) => hint !== undefined)
    .map(({ check, hint }) => `${check}: ${hint}`);
  return [
    renderTable(
      reports.map(({ check, state, detail }) => [check, marks[state], detail.replaceAll('\n', ' ')]),
    ),
    ...(hints.length > 0 ? [hints.join('\n')] : []),
    ...(nothingFound ? ['Nothing found: everything that an import needs is there.'] : []),
  ].join('\n\n');
}
