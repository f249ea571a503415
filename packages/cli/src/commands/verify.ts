import { access, constants } from 'node:fs/promises';
import { checksumOf } from '../config/checksum.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import type { DiskSource } from '../verify/verify-target.ts';
import { type CommonSettings, TableCommand } from './common.ts';

export class VerifyCommand extends TableCommand {
  static override paths = [['verify']];

  protected override checkUsage(): void {
    this.source();
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const source = this.source(settings.file?.config['allow-insecure-checksum']);
    if ('file' in source) await checkReadable('--file', source.file);
    if ('digests' in source) await checkReadable('--digests', source.digests);
    const { verifyTarget } = await import('../verify/verify-target.ts');
    const verified = await verifyTarget({
      target: this.operands[0]!,
      source,
      saveDigests: this.given.value('save-digests'),
      maxDiskSize: this.given.value('max-disk-size') ?? settings.file?.config['max-disk-size'],
      settings,
      onNotice: (message) => {
        if (!this.quiet) this.context.stderr.write(`${message}\n`);
      },
    });
    const { snapshotId, blocks } = verified;
    this.context.stdout.write(
      this.json
        ? `${JSON.stringify({ version: 1, verify: { ...verified, equal: true } }, null, 2)}\n`
        : `${snapshotId} holds the disk: ${blocks} blocks read and compared\n`,
    );
    return exitCodes.done;
  }

  /** @throws UsageError */
  private source(allowInsecure = false): DiskSource {
    const { given } = this;
    const [file, digests, urls] = [given.value('file'), given.value('digests'), given.value('url')];
    if ([file, urls, digests].filter((one) => one !== undefined).length !== 1) {
      throw new UsageError('USAGE', 'specify exactly one of --file, --url or --digests', {
        hint: 'It is what the snapshot is compared with.',
      });
    }
    if (digests !== undefined) return { digests };
    if (file !== undefined) return { file };
    const checksum = checksumOf({
      'checksum-url': given.value('checksum-url'),
      sha256: given.value('sha256'),
      sha512: given.value('sha512'),
    });
    return {
      urls: urls!,
      checksum,
      allowInsecureChecksum: given.value('allow-insecure-checksum') ?? allowInsecure,
    };
  }
}

/** @throws UsageError `FILE_UNREADABLE` */
async function checkReadable(flag: string, path: string): Promise<void> {
  await access(path, constants.R_OK).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError('FILE_UNREADABLE', `${flag}: cannot read ${path}: ${cause.code ?? cause.message}`, {
      hint: 'Check the path and its permissions.',
      cause,
      facts: { path },
    });
  });
}
