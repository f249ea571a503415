import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  blockSizeBytes,
  digestBlocks,
  type ExpectedContent,
  readDigests,
  verifySnapshot,
  writeDigests,
} from '@ec2-image/ebs-direct';
import { describeImage } from '@ec2-image/ec2-import';
import { fetchImage, imageFileName, readChecksum } from '@ec2-image/fetch';
import { type Cloud, openCloud } from '../cloud.ts';
import type { CommonSettings } from '../commands/common.ts';
import type { ImportRequest } from '../config/import-request.ts';
import { openContent } from '../content.ts';
import { createEbsClient } from '../ebs-client.ts';
import { CliError } from '../errors.ts';
import { openLocalAccount } from '../local-account.ts';
import type { RunView } from '../pipeline/progress.ts';

/** The disk that a snapshot is compared with. */
export type DiskSource =
  | { readonly digests: string }
  | { readonly file: string }
  | {
      readonly urls: readonly string[];
      readonly checksum: ImportRequest['checksum'];
      readonly allowInsecureChecksum: boolean;
    };

export interface VerifyTargetOptions {
  /** An AMI or a snapshot. */
  readonly target: string;
  readonly source: DiskSource;
  /** Where to write the digests of the disk's blocks. */
  readonly saveDigests?: string;
  readonly maxDiskSize?: number;
  readonly settings: CommonSettings;
  /** Shows the target as one image. */
  readonly view: RunView;
}

/** @throws EbsDirectError `SNAPSHOT_DIFFERS` */
export async function verifyTarget(
  options: VerifyTargetOptions,
): Promise<{ snapshotId: string; blocks: number; sizeBytes: number }> {
  const { target, saveDigests, settings, view } = options;
  const { signal } = settings;
  view.stage(target, 'checking');
  await using local = settings.local ? await openLocalAccount(settings) : undefined;
  const cloud = await openCloud({
    ...settings.connection,
    ...local?.connection,
    onNotice: view.notice,
    signal,
  });
  const snapshotId = await snapshotOf(cloud, target, signal);
  const expected = await expectedContent(options);
  if (saveDigests !== undefined) await writeDigests({ path: saveDigests, content: expected });
  const ebs = createEbsClient(cloud.connection);
  try {
    view.stage(target, 'verify snapshot');
    const total = expected.digests.size * blockSizeBytes;
    const { blocks } = await verifySnapshot({
      ebs,
      snapshotId,
      expected,
      signal,
      // The snapshot may list blocks of zeros that the disk does not count.
      onProgress: ({ done }) => view.progress(target, { done, total: Math.max(done, total), unit: 'bytes' }),
    });
    return { snapshotId, blocks, sizeBytes: expected.sizeBytes };
  } finally {
    ebs.destroy();
  }
}

async function snapshotOf({ ec2 }: Cloud, target: string, signal: AbortSignal): Promise<string> {
  if (target.startsWith('snap-')) return target;
  const image = await describeImage({ client: ec2, imageId: target, signal });
  const devices = image.BlockDeviceMappings ?? [];
  const root = devices.find(({ DeviceName }) => DeviceName === image.RootDeviceName) ?? devices[0];
  if (root?.Ebs?.SnapshotId === undefined) {
    throw new CliError('NO_SNAPSHOT', `${target} has no snapshot as its root device`, {
      hint: 'Give the snapshot itself.',
      facts: { imageId: target },
    });
  }
  return root.Ebs.SnapshotId;
}

async function expectedContent(options: VerifyTargetOptions): Promise<ExpectedContent> {
  const { target, source, maxDiskSize, view } = options;
  if ('digests' in source) return readDigests({ path: source.digests });
  const { workDirectory, signal } = options.settings;
  await mkdir(workDirectory, { recursive: true });
  const directory = await mkdtemp(join(workDirectory, 'verify-'));
  try {
    const path = 'file' in source ? source.file : await download(options, { source, directory });
    view.stage(target, 'convert');
    await using content = await openContent({
      path,
      rawPath: join(directory, 'disk.raw'),
      maxDiskSize,
      allowUnbootable: true,
      signal,
      onNotice: view.notice,
    });
    view.stage(target, 'checksum');
    return await digestBlocks({
      blocks: content.blocks({ signal }),
      sizeBytes: content.virtualSizeBytes,
      onProgress: (progress) => view.progress(target, { ...progress, unit: 'bytes' }),
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function download(
  { target, settings: { signal }, view }: VerifyTargetOptions,
  {
    source,
    directory,
  }: { readonly source: Extract<DiskSource, { urls: unknown }>; readonly directory: string },
): Promise<string> {
  const { urls, checksum, allowInsecureChecksum } = source;
  const onNotice = view.notice;
  view.stage(target, 'download');
  const digest =
    'digest' in checksum
      ? checksum.digest
      : (
          await readChecksum({
            url: checksum.url,
            fileName: imageFileName(urls[0]!),
            allowInsecure: allowInsecureChecksum,
            signal,
            onNotice,
          })
        ).digest;
  const { path } = await fetchImage({
    url: urls,
    digest,
    directory,
    signal,
    onNotice,
    onProgress: (progress) => view.progress(target, { ...progress, unit: 'bytes' }),
  });
  return path;
}
