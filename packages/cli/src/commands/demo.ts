import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'clipanion';
import { importRequests } from '../config/import-request.ts';
import { imageShape } from '../config/schema.ts';
import { renderError } from '../render/error.ts';
import {
  importDocument,
  importExitCode,
  importIds,
  renderImportReport,
  type TimedImage,
} from '../render/import-report.ts';
import { describeKept } from '../render/local-account.ts';
import { localAwsDirectory } from '../work-directory.ts';
import { CommonCommand, type CommonSettings, parseFlags } from './common.ts';

/** Of the emulator's account: nothing but this run can collide with it. */
const bucket = 'ec2-image-demo';

const nothingInAws = `All of this ran against the embedded AWS emulator: nothing was created in AWS.

Next:
  ec2-image doctor          check what an import into your account needs
  ec2-image import --help   import an image`;

const servedDirectory = (workDirectory: string) => join(workDirectory, 'served');

export class DemoCommand extends CommonCommand {
  static override paths = [['demo']];

  static override usage = Command.Usage({
    description: 'run a complete import against the embedded AWS emulator, with generated images',
    details: `
      Generates two disks with a GPT and an ext4 filesystem, serves them over HTTP on this machine as a qcow2 and as a
      raw.xz with a checksum file, and imports both in parallel into the embedded AWS emulator. Then it repeats the
      import, to show that everything is reused. It needs no account and no network. With --url it imports that image
      instead.

      All files are in a temporary directory and are removed at the end; with --work-dir they stay there.
    `,
    examples: [
      ['Run the demo', '$0 demo'],
      [
        'Use your own image',
        '$0 demo --url https://example.org/Fedora.qcow2 --checksum-url https://example.org/CHECKSUM',
      ],
    ],
  });

  url = Option.String('--url', { description: 'Image to import instead of the generated ones' });
  checksumUrl = Option.String('--checksum-url', { description: 'URL of its published checksum' });
  sha256 = Option.String('--sha256', { description: 'Its SHA-256, instead of --checksum-url' });
  arch = Option.String('--arch', { description: 'Its architecture (default: x86_64)' });
  format = Option.String('--format', {
    description: 'Disk format of the upload: vhdx (default), vhd, vmdk or raw',
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
    // The images' server, and without --work-dir the account too, end with the demo: there is nothing to pin.
    const report = { emulated: true, pin: false };
    const forPeople = !this.json && !this.events && !this.quiet;
    const runs: TimedImage[][] = [];
    for (const title of [
      'First run: nothing exists yet.',
      'Second run: the same command again reuses everything.',
    ]) {
      // People see each run as it ends; one document, or the ids, come at the end.
      if (forPeople) this.context.stdout.write(`${title}\n`);
      else this.say(title);
      const finished = await runImports({
        requests,
        settings,
        cancelOnInterrupt: false,
        output: this.output,
      });
      runs.push(finished);
      for (const { result } of finished) {
        if (result.error) this.tell(renderError(result.error, { image: result.name }));
      }
      if (forPeople) this.context.stdout.write(`\n${renderImportReport(finished, report)}\n\n`);
      if (signal.aborted || importExitCode(finished.map(({ result }) => result)) !== 0) break;
    }
    await this.printResult(
      {
        document: () => ({ version: 1, demo: { runs: runs.map((run) => importDocument(run, report)) } }),
        ids: () => [...new Set(runs.flatMap(importIds))],
        text: () => nothingInAws,
      },
      settings.log,
    );
    if (this.workDir !== undefined) {
      const kept = await describeKept('The demo keeps', [
        localAwsDirectory(workDirectory),
        servedDirectory(workDirectory),
      ]);
      if (kept) this.say(kept);
    }
    return importExitCode(runs.flat().map(({ result }) => result));
  }

  private async serveSamples({ workDirectory, signal }: CommonSettings) {
    const { serveSampleImages } = await import('../demo/sample-images.ts');
    this.say('Generating two disks of 256 MiB with a GPT and an ext4 filesystem, as qcow2 and as raw.xz.');
    return serveSampleImages({ directory: servedDirectory(workDirectory), signal });
  }

  private say(message: string): void {
    if (!this.quiet) this.tell(message);
  }
}
