import { Command, Option } from 'clipanion';
import type { CheckReport, CheckState } from '../doctor/checks.ts';
import { exitCodes } from '../exit-code.ts';
import { renderTable } from '../render/table.ts';
import { CommonCommand, type CommonSettings } from './common.ts';

export class DoctorCommand extends CommonCommand {
  static override paths = [['doctor']];

  static override usage = Command.Usage({
    description: 'check credentials, bucket, role, tools and space before anything is spent',
    details: `
      Looks at everything an import needs and changes nothing. Buckets, regions and roles are those of the
      configuration, and those given here. Exit codes: 0 all is well, 1 something is missing.
    `,
    examples: [
      ['What the configuration needs', '$0 doctor'],
      ['One bucket', '$0 doctor --bucket my-bucket --region us-east-1'],
    ],
  });

  bucket = Option.Array('--bucket', { description: 'A bucket to check; may be repeated' });
  roleName = Option.String('--role-name', {
    description: 'The service role of the import (default: vmimport)',
  });

  protected async run(settings: CommonSettings): Promise<number> {
    const { examine } = await import('../doctor/examine.ts');
    const reports = await examine({ settings, buckets: this.bucket ?? [], roleName: this.roleName });
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
