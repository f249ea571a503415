import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  digestBlocks,
  type ExpectedContent,
  readDigests,
  verifySnapshot,
  writeDigests,
} from '@ec2-image/ebs-direct';
import { describeImage } from '@ec2-image/ec2-import';
import { fetchImage, imageFileName, readChecksum } from '@ec2-image/fetch';
import { digestOf } from '@ec2-image/provenance';
import { Command, Option } from 'clipanion';
import { openCloud } from '../cloud.ts';
import { imageShape } from '../config/schema.ts';
import { openContent } from '../content.ts';
import { createEbsClient } from '../ebs-client.ts';
import { CliError, UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { openLocalAccount } from '../local-account.ts';
import { CommonCommand, type CommonSettings, parseFlags } from './common.ts';

export class VerifyCommand extends CommonCommand {
  static override paths = [['verify']];

  static override usage = Command.Usage({
    description: 'prove that a snapshot holds the disk, block by block',
    details: `
      Reads every block of the snapshot (of an AMI: of its root device) through the EBS direct APIs and compares its
      SHA-256 with the disk's; what the snapshot leaves out must be zeros of the disk. The disk is a file in any
      format that \`import\` takes, an image to download, or the digests that an earlier run saved.
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

  protected async run(settings: CommonSettings): Promise<number> {
    const { signal } = settings;
    this.checkUsage();
    await using local = settings.local ? await openLocalAccount(settings) : undefined;
    const connection = { ...settings.connection, ...local?.connection };
    const cloud = await openCloud({ ...connection, onNotice: this.say, signal });
    const snapshotId = await this.snapshotOf(cloud, signal);
    const expected = await this.expectedContent(settings);
    if (this.saveDigests !== undefined) await writeDigests({ path: this.saveDigests, content: expected });
    const ebs = createEbsClient(cloud.connection);
    try {
      const { blocks } = await verifySnapshot({ ebs, snapshotId, expected, signal });
      this.context.stdout.write(
        this.json
          ? `${JSON.stringify({ version: 1, verify: { snapshotId, equal: true, blocks, sizeBytes: expected.sizeBytes } }, null, 2)}\n`
          : `${snapshotId} holds the disk: ${blocks} blocks read and compared\n`,
      );
      return exitCodes.done;
    } finally {
      ebs.destroy();
    }
  }

  private checkUsage(): void {
    if (!/^(ami|snap)-[0-9a-z]+$/.test(this.target)) {
      throw new UsageError('BAD_OPTION', `${this.target} is neither an AMI nor a snapshot`, {
        hint: 'Give an id such as ami-0123456789abcdef0 or snap-0123456789abcdef0.',
      });
    }
    if ([this.file, this.url, this.digests].filter((given) => given !== undefined).length !== 1) {
      throw new UsageError('USAGE', 'the disk to compare with is not given once', {
        hint: 'Give one of --file, --url and --digests.',
      });
    }
  }

  private async snapshotOf(
    { ec2 }: { readonly ec2: Parameters<typeof describeImage>[0]['client'] },
    signal: AbortSignal,
  ): Promise<string> {
    if (this.target.startsWith('snap-')) return this.target;
    const image = await describeImage({ client: ec2, imageId: this.target, signal });
    const devices = image.BlockDeviceMappings ?? [];
    const root = devices.find(({ DeviceName }) => DeviceName === image.RootDeviceName) ?? devices[0];
    if (root?.Ebs?.SnapshotId === undefined) {
      throw new CliError('NO_SNAPSHOT', `${this.target} has no snapshot as its root device`, {
        hint: 'Give the snapshot itself.',
      });
    }
    return root.Ebs.SnapshotId;
  }

  private async expectedContent({ workDirectory, signal }: CommonSettings): Promise<ExpectedContent> {
    if (this.digests !== undefined) return readDigests({ path: this.digests });
    await mkdir(workDirectory, { recursive: true });
    const directory = await mkdtemp(join(workDirectory, 'verify-'));
    try {
      const path = this.file ?? (await this.download({ directory, signal }));
      const { 'max-disk-size': maxDiskSize } = parseFlags(imageShape, { 'max-disk-size': this.maxDiskSize });
      await using content = await openContent({
        path,
        rawPath: join(directory, 'disk.raw'),
        maxDiskSize,
        allowUnbootable: true,
        signal,
        onNotice: this.say,
      });
      return await digestBlocks({ blocks: content.blocks({ signal }), sizeBytes: content.virtualSizeBytes });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  private async download({
    directory,
    signal,
  }: {
    readonly directory: string;
    readonly signal: AbortSignal;
  }): Promise<string> {
    const url = this.url ?? [];
    const digest =
      this.sha512 !== undefined
        ? digestOf('sha512', this.sha512)
        : this.sha256 !== undefined
          ? digestOf('sha256', this.sha256)
          : await this.publishedDigest(url, signal);
    const { path } = await fetchImage({ url, digest, directory, signal, onNotice: this.say });
    return path;
  }

  private async publishedDigest(url: readonly string[], signal: AbortSignal) {
    if (this.checksumUrl === undefined) {
      throw new UsageError('MISSING_SETTING', '--checksum-url is missing', {
        hint: 'Say where the checksum is published, or give --sha256 or --sha512.',
      });
    }
    const { digest } = await readChecksum({
      url: this.checksumUrl,
      fileName: imageFileName(url[0]!),
      allowInsecure: this.allowInsecureChecksum,
      signal,
    });
    return digest;
  }

  private say = (message: string): void => {
    if (!this.quiet) this.context.stderr.write(`${message}\n`);
  };
}
