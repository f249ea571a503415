import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importRequests } from '../config/import-request.ts';
import type { ImageSettings } from '../options/table.ts';
import { renderError } from '../render/error.ts';
import { importDocument, importExitCode, renderImportReport } from '../render/import-report.ts';
import type { Finished } from '../render/pin-yaml.ts';
import { type CommonSettings, TableCommand } from './common.ts';

/** Of the stand-in's account: nothing but this run can collide with it. */
const bucket = 'ec2-image-demo';

export class DemoCommand extends TableCommand {
  static override paths = [['demo']];

  protected async run(settings: CommonSettings): Promise<number> {
    if (this.given.value('work-dir') !== undefined) return this.demonstrate(settings);
    const workDirectory = await mkdtemp(join(tmpdir(), 'ec2-image-demo-'));
    try {
      return await this.demonstrate({ ...settings, workDirectory });
    } finally {
      await rm(workDirectory, { recursive: true, force: true });
    }
  }

  private async demonstrate(given: CommonSettings): Promise<number> {
    const { signal, workDirectory } = given;
    await mkdir(workDirectory, { recursive: true });
    // No answer of the account, and no pause for the sake of a service's limits, is worth waiting for here.
    const settings = { ...given, local: true, file: undefined };
    const flags: ImageSettings = {
      arch: 'x86_64',
      ...(Object.fromEntries(this.given.all) as ImageSettings),
      bucket,
      'poll-interval': 0.5,
    };
    await using samples = flags.url === undefined ? await this.serveSamples(settings) : undefined;
    const requests = samples
      ? samples.images.flatMap(({ name, url, checksumUrl }) =>
          importRequests({
            flagName: name,
            flags: { ...flags, url: [url], 'checksum-url': checksumUrl, sha256: undefined },
            names: [],
          }),
        )
      : importRequests({ flagName: 'demo', flags, names: [] });
    const { runImports } = await import('../run-imports.ts');
    const runs: Finished[][] = [];
    for (const title of [
      'First run: nothing is there yet.',
      'Second run: the same again, and everything is reused.',
    ]) {
      this.say(title);
      const finished = await runImports({
        requests,
        settings,
        cancelOnInterrupt: false,
        output: {
          stderr: this.context.stderr,
          quiet: this.quiet,
          verbose: this.verbose,
          env: this.context.env,
        },
      });
      runs.push(finished);
      for (const { result } of finished) {
        if (result.error) this.context.stderr.write(`${renderError(result.error, { image: result.name })}\n`);
      }
      if (!this.json) this.context.stdout.write(`${title}\n\n${renderImportReport(finished)}\n\n`);
      if (signal.aborted || importExitCode(finished.map(({ result }) => result)) !== 0) break;
    }
    if (this.json) {
      this.context.stdout.write(
        `${JSON.stringify({ version: 1, demo: { runs: runs.map(importDocument) } }, null, 2)}\n`,
      );
    }
    return importExitCode(runs.flat().map(({ result }) => result));
  }

  private async serveSamples({ workDirectory, signal }: CommonSettings) {
    const { serveSampleImages } = await import('../demo/sample-images.ts');
    this.say('Making a disk of 256 MiB with a GPT and an ext4 filesystem, as qcow2 and as raw.xz.');
    return serveSampleImages({ directory: join(workDirectory, 'served'), signal });
  }

  private say(message: string): void {
    if (!this.quiet) this.context.stderr.write(`${message}\n`);
  }
}
