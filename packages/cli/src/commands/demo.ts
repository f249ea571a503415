import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'clipanion';
import { importRequests } from '../config/import-request.ts';
import { imageShape } from '../config/schema.ts';
import { renderError } from '../render/error.ts';
import { importDocument, importExitCode, renderImportReport } from '../render/import-report.ts';
import type { Finished } from '../render/pin-yaml.ts';
import { CommonCommand, type CommonSettings, parseFlags } from './common.ts';

/** Of the stand-in's account: nothing but this run can collide with it. */
const bucket = 'ec2-image-demo';

export class DemoCommand extends CommonCommand {
  static override paths = [['demo']];

  static override usage = Command.Usage({
    description: 'the whole flow on the embedded stand-in, on images made on the spot',
    details: `
      Makes a disk with a GPT and an ext4 filesystem, serves it over HTTP on this machine as a qcow2 and as a raw.xz
      with a checksum file, and imports both side by side into the embedded stand-in for AWS; then does it again, to
      show that everything is reused. No account and no network are needed. With --url it takes that image instead.

      Everything is made in a temporary directory and removed; with --work-dir it stays there.
    `,
    examples: [
      ['The demonstration', '$0 demo'],
      [
        'With an image of your own',
        '$0 demo --url https://example.org/Fedora.qcow2 --checksum-url https://example.org/CHECKSUM',
      ],
    ],
  });

  url = Option.String('--url', { description: 'An image to take instead of those made on the spot' });
  checksumUrl = Option.String('--checksum-url', { description: 'Where its checksum is published' });
  sha256 = Option.String('--sha256', { description: 'Its SHA-256, in place of --checksum-url' });
  arch = Option.String('--arch', { description: 'Its architecture (default: x86_64)' });
  format = Option.String('--format', {
    description: 'What to convert to and upload: vhdx (default), vhd, vmdk or raw',
  });

  protected async run(settings: CommonSettings): Promise<number> {
    if (this.workDir !== undefined) return this.demonstrate(settings);
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
    await using samples = this.url === undefined ? await this.serveSamples(settings) : undefined;
    const flags = parseFlags(imageShape, {
      bucket,
      format: this.format,
      arch: this.arch ?? 'x86_64',
      'poll-interval': 0.5,
    });
    const requests = samples
      ? samples.images.flatMap(({ name, url, checksumUrl }) =>
          importRequests({
            flagName: name,
            flags: { ...flags, url, 'checksum-url': checksumUrl },
            names: [],
          }),
        )
      : importRequests({
          flagName: 'demo',
          flags: { ...flags, url: this.url, 'checksum-url': this.checksumUrl, sha256: this.sha256 },
          names: [],
        });
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
