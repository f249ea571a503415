import { checkLocalFiles } from '../config/check-local-files.ts';
import { importRequests, type RequestedImport } from '../config/import-request.ts';
import type { Finished } from '../config/pin-config.ts';
import { openTrust } from '../config/trust.ts';
import { writeConfig } from '../config/write-config.ts';
import { type ExitCode, exitCodes, worstExitCode } from '../errors/exit-code.ts';
import { explain } from '../errors/explain.ts';
import type { ImageSettings } from '../options/table.ts';
import { createRunHistory } from '../pipeline/history.ts';
import { tuneCollector } from '../process/collector.ts';
import { checkOutputFile } from '../process/output-file.ts';
import { cleanupCommand } from '../render/cleanup-command.ts';
import { renderError } from '../render/error.ts';
import {
  failedImportDocument,
  type ImportDocument,
  importDocument,
  importExitCode,
  importIds,
  renderImportReport,
} from '../render/import-report.ts';
import { describeLocalAccount } from '../render/local-account.ts';
import { planDocument, planExitCode, planIds, renderPlan } from '../render/plan-report.ts';
import { describePart } from '../render/shard.ts';
import type { CommonSettings } from '../settings.ts';
import { shardOf } from '../shard/shard-of.ts';
import { columnsOf } from './columns-of.ts';
import { TableCommand } from './common.ts';
import { openManifest } from './open-manifest.ts';
import { publishFlagsOf } from './publish-flags.ts';

export class ImportCommand extends TableCommand<RequestedImport[]> {
  static override paths = [['import']];

  private reportPath: string | undefined;

  protected override interruptHint(): string | undefined {
    return this.given?.value('cancel-on-interrupt')
      ? 'A cancelled import task starts from the beginning; everything else is kept.'
      : undefined;
  }

  protected override async prepare({ file }: CommonSettings): Promise<RequestedImport[]> {
    const requested = {
      flagName: this.given.value('name'),
      flags: Object.fromEntries(this.given.all) as ImageSettings,
      names: this.operands,
      file,
    };
    const shard = shardOf(requested, {
      given: this.given.value('shard') ?? file?.config.shard,
      env: this.context.env,
    });
    if (shard && !this.quiet) this.tell(describePart(shard));
    if (shard?.names.length === 0) return [];
    const requests = importRequests({ ...requested, names: shard?.names ?? requested.names });
    return Promise.all(
      requests.map(async (request) => ({
        ...request,
        // `latest` and its kin follow from all images of a stream, which other runs may still import.
        ...(shard && { publish: undefined }),
        trust: await openTrust({ ...request, trust: request.trustSettings }),
      })),
    );
  }

  protected override async checkProfile(
    settings: CommonSettings,
    requests: RequestedImport[],
  ): Promise<void> {
    const profiles = new Set(requests.map(({ session }) => session.profile ?? settings.connection.profile));
    try {
      for (const profile of profiles) {
        await super.checkProfile({ ...settings, connection: { ...settings.connection, profile } }, requests);
      }
    } catch (error) {
      await withoutAws(error, requests);
    }
  }

  /** What would be done, without doing it. */
  protected async plan(settings: CommonSettings, requests: RequestedImport[]): Promise<number> {
    const { planImports } = await import('../plan-imports.ts');
    const images = await planImports({
      requests,
      settings,
      publishFlags: {
        revoke: this.given.value('apply') ?? false,
        force: this.given.value('force') ?? false,
      },
      output: this.output,
    }).catch((error: unknown) => withoutAws(error, requests));
    await this.printResult(
      {
        document: () => planDocument(images),
        ids: () => planIds(images),
        text: () => renderPlan(images, { width: columnsOf(this.context.stdout) }),
      },
      settings.log,
    );
    return planExitCode(images);
  }

  protected async run(settings: CommonSettings, requests: RequestedImport[]): Promise<number> {
    if (this.given.value('dry-run')) return this.plan(settings, requests);
    this.reportPath = this.given.value('report') ?? settings.file?.config.report;
    if (this.reportPath !== undefined) await checkOutputFile(this.reportPath, '--report');
    if (requests.length === 0) return this.printEmptyShard(settings);
    const { file } = settings;
    const manifest = await openManifest({
      given: this.given,
      file,
      write: (path, text) => this.writeFile(path, [text]),
    });
    const history = createRunHistory();
    const writesConfig = this.given.value('write-config') ?? file?.config['write-config'] ?? false;
    const publishFlags = publishFlagsOf({ given: this.given, requests, terminal: this.context, settings });
    tuneCollector(requests.map(({ via }) => via));
    // Loaded here, so that a wrong command line is answered without waiting for clients of AWS to load.
    const { runImports } = await import('../run-imports.ts');
    const finished = await runImports({
      requests,
      settings,
      publishFlags,
      cancelOnInterrupt: this.given.value('cancel-on-interrupt') ?? false,
      output: this.output,
      resumes: this.resumes,
      history,
      onEnded: ({ result }) => manifest?.add(result),
    })
      .catch((error: unknown) => withoutAws(error, requests))
      .catch(async (error: unknown) => {
        await this.deliver(failedImportDocument(explain(error, { resumes: this.resumes })));
        throw error;
      });
    const document = importDocument(finished, { retries: history.retries() });
    for (const { request, result } of finished) {
      if (!result.error) continue;
      const { name: image, outcome } = result;
      // The report tells what stays behind an AMI: nothing resumes from it.
      const leftovers = outcome === 'partial' ? [] : result.leftovers;
      this.tell(
        renderError(result.error, { image, leftovers, cleanup: cleanupCommand(request, result, settings) }),
      );
      this.annotate(
        outcome === 'failed' ? 'error' : 'warning',
        image,
        result.error,
        leftovers?.length ? `\nThe next run finds ${leftovers.join(', ')}.` : '',
      );
    }
    const written = writesConfig ? await this.writeConfig(finished, settings) : undefined;
    // People read it in the report.
    if (written?.path !== undefined && !this.forPeople && !this.quiet) this.tell(`Wrote ${written.path}`);
    await this.printResult(
      {
        document: () => document,
        ids: () => importIds(finished),
        text: () =>
          renderImportReport(finished, {
            account: settings,
            configWrittenTo: written?.path,
            width: columnsOf(this.context.stdout),
          }),
      },
      settings.log,
    );
    const delivered = await this.deliver(document);
    const recorded = (await manifest?.finish()) ?? true;
    const account = settings.local && !this.quiet && (await describeLocalAccount(settings.workDirectory));
    if (account) this.tell(account);
    return worstExitCode([
      importExitCode(finished.map(({ result }) => result)),
      written?.code ?? exitCodes.done,
      delivered,
      recorded ? exitCodes.done : exitCodes.failed,
    ]);
  }

  /** More runs than images: some of them have none. */
  private async printEmptyShard({ log }: CommonSettings): Promise<number> {
    const document = importDocument([], { pin: false });
    await this.printResult(
      {
        document: () => document,
        ids: () => [],
        text: () => 'Nothing to import: this shard has no images.',
      },
      log,
    );
    return this.deliver(document);
  }

  /** To the page of a run of GitHub Actions, and to the file of `--report`. */
  private async deliver(document: ImportDocument): Promise<ExitCode> {
    if (this.actions) await this.summarize(document);
    const path = this.reportPath;
    if (path === undefined) return exitCodes.done;
    const { renderHtmlReport } = await import('../render/html-report/page.ts');
    const isWritten = await this.writeFile(path, [renderHtmlReport(document, { writtenAt: new Date() })]);
    if (isWritten && !this.quiet) this.tell(`Wrote ${path}`);
    return isWritten ? exitCodes.done : exitCodes.failed;
  }

  /** A page of the run that cannot be written is told, and fails nothing. */
  private async summarize(document: ImportDocument): Promise<void> {
    const { env } = this.context;
    const ids = document.images.flatMap(({ name, imageId }) => (imageId === null ? [] : [[name, imageId]]));
    try {
      const [{ appendStepSummary, setStepOutputs }, { renderStepSummary }] = await Promise.all([
        import('../process/step-files.ts'),
        import('../render/step-summary.ts'),
      ]);
      await appendStepSummary(renderStepSummary(document), env);
      await setStepOutputs({ 'image-ids': JSON.stringify(Object.fromEntries(ids)) }, env);
    } catch (error) {
      this.tell(`cannot write the summary of the step: ${(error as Error).message}`);
    }
  }

  /** The result stands whether or not its configuration can be written. */
  private async writeConfig(
    finished: readonly Finished[],
    { file }: CommonSettings,
  ): Promise<{ readonly path?: string; readonly code: ExitCode }> {
    try {
      return { path: await writeConfig(finished, { file }), code: exitCodes.done };
    } catch (error) {
      this.tell(renderError(explain(error)));
      return { code: exitCodes.failed };
    }
  }
}

/**
 * No image could be started: a file that is missing is told before what keeps the run from AWS. Otherwise it is nothing
 * to the other images, nor to one whose AMI, snapshot or object exists.
 */
async function withoutAws(error: unknown, requests: readonly RequestedImport[]): Promise<never> {
  for (const request of requests) await checkLocalFiles(request);
  throw error;
}
