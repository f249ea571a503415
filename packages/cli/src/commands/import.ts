import { Command, Option } from 'clipanion';
import { importRequests } from '../config/import-request.ts';
import { imageShape } from '../config/schema.ts';
import { UsageError } from '../errors.ts';
import { cleanupCommand } from '../render/cleanup-command.ts';
import { renderError } from '../render/error.ts';
import { importDocument, importExitCode, importIds, renderImportReport } from '../render/import-report.ts';
import { describeLocalAccount } from '../render/local-account.ts';
import { CommonCommand, type CommonSettings, parseFlags } from './common.ts';

export class ImportCommand extends CommonCommand {
  static override paths = [['import']];

  static override usage = Command.Usage({
    description: 'bring images into EC2 as tagged AMIs',
    details: `
      Downloads each image, verifies it against its published checksum, converts it, uploads it with its checksum
      proven, imports it as a snapshot and registers the AMI \`<name>-i<suffix>\`.

      The flow looks from its end at what exists: an AMI, a snapshot, an import task, an object, a disk or a download
      of the same digest is used instead of made again. So running the same command again goes on where a failed or
      interrupted run stopped, from another machine too.

      One image is described by flags, or several by \`images:\` in a configuration file, whose keys are the words of
      the flags. Exit codes: 0 done, 1 something failed or a partial success, 2 wrong usage, 130 interrupted.
    `,
    examples: [
      [
        'One image by flags',
        '$0 import --name fedora-aws --url https://example.org/Fedora.qcow2 --checksum-url https://example.org/CHECKSUM --arch x86_64 --bucket my-bucket --region us-east-1',
      ],
      ['All images of ec2-image.yaml', '$0 import'],
      ['One of them, with one document for a script', '$0 import fedora-aws --json'],
      ['The same without an AWS account', '$0 import --local'],
    ],
  });

  names = Option.Rest({ name: 'NAME' });
  imageName = Option.String('--name', {
    description: 'The name of the image: the AMI is called <name>-i<suffix>',
  });
  url = Option.Array('--url', {
    description: 'Where the image is; again for each mirror. A path is taken too',
  });
  checksumUrl = Option.String('--checksum-url', { description: 'Where its checksum is published' });
  sha256 = Option.String('--sha256', { description: 'Its SHA-256, in place of --checksum-url' });
  sha512 = Option.String('--sha512', { description: 'Its SHA-512, in place of --checksum-url' });
  arch = Option.String('--arch', { description: 'x86_64 or arm64' });
  bucket = Option.String('--bucket', {
    description: 'The S3 bucket, in the same region, that the disk goes through',
  });
  bucketOwner = Option.String('--bucket-owner', {
    description: "The bucket's account (default: the account of the credentials)",
  });
  suffix = Option.String('--suffix', {
    description: "The end of the AMI's name (default: 12 digits of the image's digest)",
  });
  format = Option.String('--format', {
    description: 'What to convert to and upload: vhdx (default), vhd, vmdk or raw',
  });
  keyPrefix = Option.String('--key-prefix', {
    description: 'Begins the keys of the uploaded objects (default: ec2-image/)',
  });
  bootMode = Option.String('--boot-mode', {
    description: "legacy-bios, uefi or uefi-preferred (default: the instance type's)",
  });
  tag = Option.Array('--tag', { description: 'A further tag KEY=VALUE; may be repeated' });
  roleName = Option.String('--role-name', {
    description: 'The service role of the import (default: vmimport)',
  });
  pollInterval = Option.String('--poll-interval', {
    description: 'Seconds between looks at the import task (default: 15)',
  });
  keepObject = Option.Boolean('--keep-object', { description: 'Leave the uploaded disk in S3' });
  keepFiles = Option.Boolean('--keep-files', {
    description: 'Leave the download and the disk in the work directory',
  });
  verify = Option.Boolean('--verify', {
    description: 'Prove the snapshot equal to the disk, block by block',
  });
  allowAbsent = Option.Boolean('--allow-absent', {
    description: 'Let --verify accept a snapshot that lacks blocks of zeros',
  });
  via = Option.String('--via', {
    description: 's3 (default), or ebs: written block by block, without bucket, role and import task',
  });
  fresh = Option.Boolean('--fresh', { description: 'Reuse nothing that is in the cloud' });
  replace = Option.Boolean('--replace', {
    description: 'Where the name is taken by our own AMI of another image, replace that AMI',
  });
  allowInsecureChecksum = Option.Boolean('--allow-insecure-checksum', {
    description: 'Take a checksum over plain http from another host',
  });
  allowUnbootable = Option.Boolean('--allow-unbootable', {
    description: 'Accept a disk without a partition table, or with one that reaches beyond the disk',
  });
  maxDiskSize = Option.String('--max-disk-size', {
    description: 'Refuse disks larger than this (default: 64GiB)',
  });
  importAttempts = Option.String('--import-attempts', {
    description: 'How often an import that fails for no lasting reason is tried (default: 3)',
  });
  importTimeout = Option.String('--import-timeout', {
    description: 'How long an import task may stand still (default: 2h)',
  });
  cancelOnInterrupt = Option.Boolean('--cancel-on-interrupt', false, {
    description: 'When interrupted, cancel a running import task',
  });
  connections = Option.String('--connections', { description: 'Connections for one download (default: 4)' });

  protected async run(settings: CommonSettings): Promise<number> {
    const requests = importRequests({
      flagName: this.imageName,
      flags: parseFlags(imageShape, this.imageFlags(settings)),
      names: this.names,
      file: settings.file,
    });
    // Loaded here, so that a wrong command line is answered without waiting for clients of AWS to load.
    const { runImports } = await import('../run-imports.ts');
    const finished = await runImports({
      requests,
      settings,
      cancelOnInterrupt: this.cancelOnInterrupt,
      output: this.output,
    });
    for (const { request, result } of finished) {
      if (!result.error) continue;
      const { name: image, leftovers } = result;
      this.tell(
        renderError(result.error, { image, leftovers, cleanup: cleanupCommand(request, result, settings) }),
      );
    }
    await this.printResult(
      {
        document: () => importDocument(finished),
        ids: () => importIds(finished),
        text: () => renderImportReport(finished, { emulated: settings.local }),
      },
      settings.log,
    );
    const account = settings.local && !this.quiet && (await describeLocalAccount(settings.workDirectory));
    if (account) this.tell(account);
    return importExitCode(finished.map(({ result }) => result));
  }

  private imageFlags({ connection }: CommonSettings): Record<string, unknown> {
    return {
      region: this.region === undefined ? undefined : connection.region,
      url: this.url,
      'checksum-url': this.checksumUrl,
      sha256: this.sha256,
      sha512: this.sha512,
      arch: this.arch,
      bucket: this.bucket,
      'bucket-owner': this.bucketOwner,
      suffix: this.suffix,
      format: this.format,
      'key-prefix': this.keyPrefix,
      'boot-mode': this.bootMode,
      tag: this.tag && Object.fromEntries(this.tag.map(parseTag)),
      'role-name': this.roleName,
      'poll-interval': this.pollInterval,
      'keep-object': this.keepObject,
      'keep-files': this.keepFiles,
      via: this.via,
      verify: this.verify,
      'allow-absent': this.allowAbsent,
      fresh: this.fresh,
      replace: this.replace,
      'allow-insecure-checksum': this.allowInsecureChecksum,
      'allow-unbootable': this.allowUnbootable,
      'max-disk-size': this.maxDiskSize,
      'import-attempts': numeric(this.importAttempts),
      'import-timeout': this.importTimeout,
      connections: numeric(this.connections),
    };
  }
}

/** Text that is no number stays text, so that the schema can say what it expected. */
function numeric(text: string | undefined): number | string | undefined {
  return text === undefined || text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

function parseTag(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) {
    throw new UsageError('BAD_OPTION', `--tag ${text}: expected KEY=VALUE`, {
      hint: 'Write, for example, --tag team=images.',
    });
  }
  return [text.slice(0, at), text.slice(at + 1)];
}
