import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from '@ec2-image/file-lock';
import { importRequests, type RequestedImport } from '../config/import-request.ts';
import type { ServedImages } from '../demo/sample-images.ts';
import type { ImageSettings } from '../options/table.ts';
import { renderError } from '../render/error.ts';
import { formatBytes } from '../render/format.ts';
import {
  importDocument,
  importExitCode,
  importIds,
  renderImportReport,
  type TimedImage,
} from '../render/import-report.ts';
import { describeKept } from '../render/local-account.ts';
import type { CommonSettings } from '../settings.ts';
import { localAwsDirectory } from '../work-directory/image-directory.ts';
import { usingWorkDirectory } from '../work-directory/work-directory-error.ts';
import { columnsOf } from './columns-of.ts';
import { TableCommand } from './common.ts';

/** Of the emulator's account: nothing but this run can collide with it. */
const bucket = 'ec2-image-demo';

/** Where the AMIs go, and to whom. */
const demoPublishing: ImageSettings = {
  share: { accounts: ['111122223333'] },
  'deprecate-after': { seconds: 90 * 24 * 60 * 60 },
  'ssm-parameter': '/ec2-image-demo/{name}/{suffix}',
  'ssm-latest': '/ec2-image-demo/{name}/latest',
};

const demoRuns = [
  { title: 'First run: nothing exists yet.', regions: ['eu-west-1', 'us-west-2'] },
  { title: 'Second run: the same command again reuses everything.', regions: ['eu-west-1', 'us-west-2'] },
  { title: 'Third run: one more region.', regions: ['eu-west-1', 'us-west-2', 'ap-south-1'] },
] as const;

const nothingInAws = `All of this ran against the embedded AWS emulator: nothing was created in AWS.

Next:
  ec2-image doctor          check what an import into your account needs
  ec2-image import --help   import an image`;

const servedDirectory = (workDirectory: string) => join(workDirectory, 'served');

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
    await usingWorkDirectory(workDirectory, () => makeDirectory(workDirectory));
    // No answer of the account, and no pause for the sake of a service's limits, is worth waiting for here.
    const settings = { ...given, local: true, file: undefined };
    const flags: ImageSettings = {
      arch: 'x86_64',
      ...(Object.fromEntries(this.given.all) as ImageSettings),
      ...demoPublishing,
      bucket,
      'poll-interval': 0.5,
    };
    await using samples = flags.url === undefined ? await this.serveSamples(settings) : undefined;
    const bootTest = samples !== undefined && (await this.canBoot(flags));
    const requestsFor = (regions: readonly string[]) =>
      requestsOf({ ...flags, ...(bootTest && { 'boot-test': true }), regions: [...regions] }, samples);
    const { runImports } = await import('../run-imports.ts');
    // The images' server, and without --work-dir the account too, end with the demo: there is nothing to pin.
    const report = {
      account: settings,
      resumes: this.resumes,
      pin: false,
      width: columnsOf(this.context.stdout),
    };
    const runs: TimedImage[][] = [];
    for (const { title, regions } of demoRuns) {
      // People see each run as it ends; one document, or the ids, come at the end.
      if (this.forPeople) this.context.stdout.write(`${title}\n`);
      else this.say(title);
      const finished = await runImports({
        requests: requestsFor(regions),
        settings,
        publishFlags: { revoke: false, force: false },
        cancelOnInterrupt: false,
        output: this.output,
        resumes: this.resumes,
      });
      runs.push(finished);
      for (const { result } of finished) {
        if (result.error) this.tell(renderError(result.error, { image: result.name }));
      }
      if (this.forPeople) this.context.stdout.write(`\n${renderImportReport(finished, report)}\n\n`);
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
    if (this.given.value('work-dir') !== undefined) {
      const kept = await describeKept('The demo keeps', [
        localAwsDirectory(workDirectory),
        servedDirectory(workDirectory),
      ]);
      if (kept) this.say(kept);
    }
    return importExitCode(runs.flat().map(({ result }) => result));
  }

  /** The emulator boots instances in QEMU, which an import does not need. */
  private async canBoot({ arch }: ImageSettings): Promise<boolean> {
    if (arch !== 'x86_64') return false;
    const { missingToBoot } = await import('@ec2-image/local-aws');
    const missing = await missingToBoot({ architecture: arch, firmware: 'bios' });
    if (missing.length === 0) return true;
    this.say(
      `No boot test: the emulator boots instances in QEMU, which is not installed (Debian: ${missing.join(' ')}).`,
    );
    return false;
  }

  private async serveSamples({ workDirectory, signal }: CommonSettings) {
    const { demoDiskBytes, serveSampleImages } = await import('../demo/sample-images.ts');
    this.say(
      `Generating two disks of ${formatBytes(demoDiskBytes)} with a GPT and an ext4 filesystem, as qcow2 and as raw.xz.`,
    );
    return serveSampleImages({ directory: servedDirectory(workDirectory), signal });
  }

  private say(message: string): void {
    if (!this.quiet) this.tell(message);
  }
}

function requestsOf(
  flags: ImageSettings,
  samples: Pick<ServedImages, 'images'> | undefined,
): RequestedImport[] {
  if (!samples) return importRequests({ flagName: 'demo', flags, names: [] });
  return samples.images.flatMap(({ name, url, checksumUrl }) =>
    importRequests({
      flagName: name,
      flags: { ...flags, url: [url], 'checksum-url': checksumUrl, sha256: undefined },
      names: [],
    }),
  );
}
