import { importRequests, type RequestedImport } from '../config/import-request.ts';
import { openTrust } from '../config/trust.ts';
import { UsageError } from '../errors/cli-error.ts';
import { exitCodes, worstExitCode } from '../errors/exit-code.ts';
import type { ImageSettings } from '../options/table.ts';
import { renderError } from '../render/error.ts';
import {
  publishDocument,
  publishExitCode,
  publishIds,
  renderPublishReport,
} from '../render/publish-report.ts';
import type { CommonSettings } from '../settings.ts';
import { columnsOf } from './columns-of.ts';
import { TableCommand } from './common.ts';
import { openManifest } from './open-manifest.ts';
import { publishFlagsOf } from './publish-flags.ts';

export class PublishCommand extends TableCommand<RequestedImport[]> {
  static override paths = [['publish']];

  protected override async prepare({ file }: CommonSettings): Promise<RequestedImport[]> {
    const flags = Object.fromEntries(this.given.all) as ImageSettings;
    const requests = importRequests({ flags, names: this.operands, file });
    const published = requests.filter(({ publish }) => publish !== undefined);
    if (published.length === 0) {
      throw new UsageError('NOTHING_TO_PUBLISH', 'nothing says where or to whom the AMIs are published', {
        hint: 'Write regions:, share:, deprecate-after: or ssm-parameter: into the configuration, or give --regions.',
      });
    }
    return Promise.all(
      published.map(async (request) => ({
        ...request,
        trust: await openTrust({ ...request, trust: request.trustSettings }),
      })),
    );
  }

  protected async run(settings: CommonSettings, requests: RequestedImport[]): Promise<number> {
    const flags = publishFlagsOf({ given: this.given, requests, terminal: this.context, settings });
    const manifest = await openManifest({
      given: this.given,
      file: settings.file,
      write: (path, text) => this.writeFile(path, [text]),
    });
    // Loaded here, so that a wrong command line is answered without waiting for clients of AWS to load.
    const { runPublishes } = await import('../run-publishes.ts');
    const results = await runPublishes({
      requests,
      settings,
      flags,
      output: this.output,
      onEnded: (result) => manifest?.add(result),
    });
    for (const { name: image, error } of results) if (error) this.tell(renderError(error, { image }));
    await this.printResult(
      {
        document: () => publishDocument(results),
        ids: () => publishIds(results),
        text: () => renderPublishReport(results, { width: columnsOf(this.context.stdout) }),
      },
      settings.log,
    );
    const recorded = (await manifest?.finish()) ?? true;
    return worstExitCode([publishExitCode(results), recorded ? exitCodes.done : exitCodes.failed]);
  }
}
