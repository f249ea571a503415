import { access, constants } from 'node:fs/promises';
import { checkLocalFiles } from '../config/check-local-files.ts';
import { checksumOf } from '../config/checksum.ts';
import { openTrust, trustOf } from '../config/trust.ts';
import { UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { openView } from '../render/choose-view.ts';
import type { CommonSettings } from '../settings.ts';
import type { DiskSource } from '../verify/verify-target.ts';
import { TableCommand } from './common.ts';

export class VerifyCommand extends TableCommand<DiskSource> {
  static override paths = [['verify']];

  protected override checkUsage(): void {
    this.source();
  }

  protected override async prepare({ file }: CommonSettings): Promise<DiskSource> {
    const source = this.source(file?.config['allow-insecure-checksum']);
    if ('file' in source) await checkReadable('--file', source.file);
    if ('digests' in source) await checkReadable('--digests', source.digests);
    if (!('urls' in source)) return source;
    await checkLocalFiles(source);
    const settings = trustOf({
      keyring: this.given.value('keyring') ?? file?.config.keyring,
      'signature-url': this.given.value('signature-url'),
    });
    return { ...source, trust: await openTrust({ ...source, trust: settings }) };
  }

  protected async run(settings: CommonSettings, source: DiskSource): Promise<number> {
    const { verifyTarget } = await import('../verify/verify-target.ts');
    const target = this.operands[0]!;
    const view = openView({ output: this.output, images: [target], log: settings.log });
    const verified = await verifyTarget({
      target,
      source,
      saveDigests: this.given.value('save-digests'),
      allowAbsent: this.given.value('allow-absent') ?? false,
      maxDiskSize: this.given.value('max-disk-size') ?? settings.file?.config['max-disk-size'],
      decompressionMemoryBytes:
        this.given.value('decompression-memory') ?? settings.file?.config['decompression-memory'],
      settings,
      view,
    }).finally(() => view.close());
    const { snapshotId, blocks, signedBy } = verified;
    await this.printResult(
      {
        document: () => ({ version: 1, verify: { ...verified, equal: true } }),
        ids: () => [snapshotId],
        text: () =>
          `${snapshotId} matches the disk (${blocks} blocks compared)${signedBy ? `, signed by ${signedBy}` : ''}`,
      },
      settings.log,
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
      'checksum-entry': given.value('checksum-entry'),
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
