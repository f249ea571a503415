import { importRequests } from '../config/import-request.ts';
import { writeConfig } from '../config/write-config.ts';
import { type ExitCode, exitCodes, worstExitCode } from '../exit-code.ts';
import { explain } from '../explain.ts';
import type { ImageSettings } from '../options/table.ts';
import { renderError } from '../render/error.ts';
import { importDocument, importExitCode, renderImportReport } from '../render/import-report.ts';
import type { Finished } from '../render/pin-yaml.ts';
import { type CommonSettings, TableCommand } from './common.ts';

export class ImportCommand extends TableCommand {
  static override paths = [['import']];

  protected async run(settings: CommonSettings): Promise<number> {
    const { file } = settings;
    const requests = importRequests({
      flagName: this.given.value('name'),
      flags: Object.fromEntries(this.given.all) as ImageSettings,
      names: this.operands,
      file,
    });
    const writesConfig = this.given.value('write-config') ?? file?.config['write-config'] ?? false;
    // Loaded here, so that a wrong command line is answered without waiting for clients of AWS to load.
    const { runImports } = await import('../run-imports.ts');
    const finished = await runImports({
      requests,
      settings,
      cancelOnInterrupt: this.given.value('cancel-on-interrupt') ?? false,
      output: {
        stderr: this.context.stderr,
        quiet: this.quiet,
        verbose: this.verbose,
        env: this.context.env,
      },
    });
    for (const { result } of finished) {
      if (result.error)
        this.context.stderr.write(
          `${renderError(result.error, { image: result.name, left: result.left })}\n`,
        );
    }
    this.context.stdout.write(
      this.json
        ? `${JSON.stringify(importDocument(finished), null, 2)}\n`
        : `${renderImportReport(finished)}\n`,
    );
    const code = importExitCode(finished.map(({ result }) => result));
    if (!writesConfig) return code;
    return worstExitCode([code, await this.writeConfig(finished, settings)]);
  }

  /** After the result is printed, which stands whether or not its configuration can be written. */
  private async writeConfig(finished: readonly Finished[], { file }: CommonSettings): Promise<ExitCode> {
    try {
      const path = await writeConfig(finished, { file });
      if (path !== undefined && !this.quiet) this.context.stderr.write(`Wrote ${path}\n`);
      return exitCodes.done;
    } catch (error) {
      this.context.stderr.write(`${renderError(explain(error))}\n`);
      return exitCodes.failed;
    }
  }
}
