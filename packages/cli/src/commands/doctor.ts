import { Command, Option } from 'clipanion';
import { createClouds } from '../clouds.ts';
import { importRequests } from '../config/import-request.ts';
import {
  type CheckReport,
  type CheckState,
  check,
  checkBucketOf,
  checkEc2,
  checkRole,
  checkTool,
  checkWorkDirectory,
} from '../doctor/checks.ts';
import { exitCodes } from '../exit-code.ts';
import { openLocalAccount } from '../local-account.ts';
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
    await using local = settings.local ? await openLocalAccount(settings) : undefined;
    const reports = (
      await Promise.all([
        this.checkMachine(settings),
        this.checkAccount(settings, { ...settings.connection, ...local?.connection }),
      ])
    ).flat();
    this.context.stdout.write(
      this.json
        ? `${JSON.stringify({ version: 1, doctor: { checks: reports } }, null, 2)}\n`
        : `${renderChecks(reports)}\n`,
    );
    return reports.some(({ state }) => state === 'failed') ? exitCodes.failed : exitCodes.done;
  }

  private checkMachine({ workDirectory, connection: { env } }: CommonSettings): Promise<CheckReport[]> {
    return Promise.all([
      checkTool({
        tool: 'qemu-img',
        neededFor: 'every conversion',
        packages: 'qemu-utils (Debian) or qemu-img (Fedora)',
        env,
      }),
      checkTool({
        tool: 'xz',
        neededFor: 'images ending in .xz',
        packages: 'xz-utils (Debian) or xz (Fedora)',
        env,
      }),
      checkWorkDirectory(workDirectory),
    ]);
  }

  private async checkAccount(
    { file, signal }: CommonSettings,
    connection: CommonSettings['connection'],
  ): Promise<CheckReport[]> {
    const clouds = createClouds({ connection, signal });
    const requests = file?.config.images ? importRequests({ flags: {}, names: [], file }) : [];
    const wanted = [
      ...requests.map(({ region, bucket, roleName }) => ({ region, bucket, roleName })),
      ...(this.bucket ?? []).map((bucket) => ({ region: undefined, bucket, roleName: this.roleName })),
    ];
    if (wanted.length === 0)
      wanted.push({ region: undefined, bucket: file?.config.bucket, roleName: this.roleName });
    const regions = new Map(wanted.map(({ region }) => [region ?? connection.region, region] as const));
    const perRegion = await Promise.all(
      [...regions.values()].map(async (region) => {
        const reports: CheckReport[] = [];
        const account = await check('credentials', async () => {
          const { account } = await clouds.open(region);
          return account
            ? { state: 'ok', detail: `account ${account}` }
            : {
                state: 'warning',
                detail: 'STS does not answer',
                hint: 'Without it, the owner of a bucket is not checked.',
              };
        });
        reports.push(account);
        if (account.state === 'failed') return reports;
        const cloud = await clouds.open(region);
        const here = wanted.filter(
          (one) => (one.region ?? connection.region) === (region ?? connection.region),
        );
        const buckets = new Set(here.flatMap(({ bucket }) => bucket ?? []));
        const roles = new Set(here.map(({ roleName }) => roleName ?? 'vmimport'));
        reports.push(
          ...(await Promise.all([
            checkEc2(cloud, signal),
            ...[...buckets].map((bucket) => checkBucketOf(cloud, bucket, signal)),
            ...[...roles].map((role) => checkRole(cloud, role, signal)),
          ])),
        );
        if (buckets.size === 0) {
          reports.push({
            check: 'bucket',
            state: 'skipped',
            detail: 'none is named',
            hint: 'Name one with --bucket.',
          });
        }
        return reports;
      }),
    );
    return perRegion.flat();
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
