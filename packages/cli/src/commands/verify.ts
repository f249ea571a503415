import { Command, Option } from 'clipanion';
import { checksumOf } from '../config/import-request.ts';
import { imageShape } from '../config/schema.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { openView } from '../render/choose-view.ts';
import type { DiskSource } from '../verify/verify-target.ts';
import { CommonCommand, type CommonSettings, parseFlags } from './common.ts';

export class VerifyCommand extends CommonCommand {
  static override paths = [['verify']];

  static override usage = Command.Usage({
    description: 'verify that a snapshot matches a disk image',
    details: `
      Reads every block of the snapshot (of an AMI: of its root device) through the EBS direct APIs and compares its
      SHA-256 with the disk's; what the snapshot leaves out must be zeros of the disk. The disk is a file in any
      format that \`import\` takes, an image to download, or the digests that an earlier run saved.

      A block that a snapshot lacks reads as zeros on an unencrypted volume and as noise on an encrypted one. Blocks of
      zeros that are absent from a snapshot written by EBS direct are an error, ABSENT_BLOCKS, unless --allow-absent is
      given; in an imported snapshot they are a warning.
      Exit codes: 0 equal, 1 different or not readable, 2 wrong usage.
    `,
    examples: [
      ['Against a disk', '$0 verify ami-0123456789abcdef0 --file disk.qcow2'],
      [
        'Against the published image',
        '$0 verify snap-0123456789abcdef0 --url https://example.org/disk.raw.xz --checksum-url https://example.org/CHECKSUM',
      ],
      ['Later, without the disk', '$0 verify ami-0123456789abcdef0 --digests disk.digests'],
    ],
  });

  target = Option.String({ name: 'AMI|SNAP' });
  file = Option.String('--file', { description: 'The disk, in any format that import takes' });
  url = Option.Array('--url', { description: 'Where to download the disk image' });
  checksumUrl = Option.String('--checksum-url', { description: 'Where its checksum is published' });
  sha256 = Option.String('--sha256', { description: 'Its SHA-256, in place of --checksum-url' });
  sha512 = Option.String('--sha512', { description: 'Its SHA-512, in place of --checksum-url' });
  digests = Option.String('--digests', { description: 'The digests of its blocks, from --save-digests' });
  saveDigests = Option.String('--save-digests', {
    description: 'Write the digests of the blocks into this file',
  });
  allowInsecureChecksum = Option.Boolean('--allow-insecure-checksum', false, {
    description: 'Take a checksum over plain http from another host',
  });
  maxDiskSize = Option.String('--max-disk-size', {
    description: 'Refuse disks larger than this (default: 64GiB)',
  });

  allowAbsent = Option.Boolean('--allow-absent', false, {
    description: 'Accept a snapshot that lacks blocks of zeros, which encrypted volumes read as noise',
  });

  protected async run(settings: CommonSettings): Promise<number> {
    const source = this.source();
    const { 'max-disk-size': maxDiskSize } = parseFlags(imageShape, { 'max-disk-size': this.maxDiskSize });
    const { verifyTarget } = await import('../verify/verify-target.ts');
    const view = openView({ output: this.output, images: [this.target], log: settings.log });
    const verified = await verifyTarget({
      target: this.target,
      source,
      saveDigests: this.saveDigests,
      allowAbsent: this.allowAbsent,
      maxDiskSize,
      settings,
      view,
    }).finally(() => view.close());
    const { snapshotId, blocks } = verified;
    await this.printResult(
      {
        document: () => ({ version: 1, verify: { ...verified, equal: true } }),
        ids: () => [snapshotId],
        text: () => `${snapshotId} matches the disk (${blocks} blocks compared)`,
      },
      settings.log,
    );
    return exitCodes.done;
  }

  /** @throws UsageError */
  private source(): DiskSource {
    if (!/^(ami|snap)-[0-9a-z]+$/.test(this.target)) {
      throw new UsageError('BAD_OPTION', `${this.target} is neither an AMI nor a snapshot`, {
        hint: 'Give an id such as ami-0123456789abcdef0 or snap-0123456789abcdef0.',
      });
    }
    const { file, digests, url: urls } = this;
    if ([file, urls, digests].filter((given) => given !== undefined).length !== 1) {
      throw new UsageError('USAGE', 'the disk to compare with has to be given once', {
        hint: 'Give one of --file, --url and --digests.',
      });
    }
    if (digests !== undefined) return { digests };
    if (file !== undefined) return { file };
    const checksum = checksumOf({
      'checksum-url': this.checksumUrl,
      sha256: this.sha256,
      sha512: this.sha512,
    });
    return { urls: urls!, checksum, allowInsecureChecksum: this.allowInsecureChecksum };
  }
}
