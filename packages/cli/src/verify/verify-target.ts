import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallOptions } from '@ec2-image/aws-call';
import {
  digestBlocks,
  type ExpectedContent,
  readDigests,
  verifySnapshot,
  writeDigests,
} from '@ec2-image/ebs-direct';
import { describeImage } from '@ec2-image/ec2-import';
import {
  fetchImage,
  type LocalFiles,
  openLocalFiles,
  readChecksum,
  requireSignatureUrl,
  requireUnchanged,
  type SignS3Request,
  type VerifiedImage,
  verifyImageSignature,
} from '@ec2-image/fetch';
import { makeDirectory } from '@ec2-image/file-lock';
import { type Cloud, openCloud } from '../aws/cloud.ts';
import { createEbsClient } from '../aws/ebs-client.ts';
import { openLocalAccount } from '../aws/local-account.ts';
import { isAuthentic } from '../config/checksum.ts';
import type { ImportRequest } from '../config/import-request.ts';
import type { Trust } from '../config/trust.ts';
import { CliError } from '../errors/cli-error.ts';
import { absentBlocksNotice, mayLackBlocks } from '../pipeline/absent-blocks.ts';
import { openContent } from '../pipeline/content.ts';
import { type RunView, type Stage, showStage } from '../pipeline/progress.ts';
import { signedBy } from '../pipeline/signer.ts';
import type { CommonSettings } from '../settings.ts';
import { usingWorkDirectory } from '../work-directory/work-directory-error.ts';

/** The disk that a snapshot is compared with. */
export type DiskSource =
  | { readonly digests: string }
  | { readonly file: string }
  | {
      readonly urls: readonly string[];
      readonly checksum: ImportRequest['checksum'];
      readonly allowInsecureChecksum: boolean;
      readonly trust?: Trust;
    };

export interface VerifyTargetOptions {
  /** An AMI or a snapshot. */
  readonly target: string;
  readonly source: DiskSource;
  /** Where to write the digests of the disk's blocks. */
  readonly saveDigests?: string;
  readonly maxDiskSize?: number;
  readonly decompressionMemoryBytes?: number;
  /** Whether blocks of zeros may be absent, whoever made the snapshot. */
  readonly allowAbsent: boolean;
  readonly settings: CommonSettings;
  /** Shows the target as one image. */
  readonly view: RunView;
}

export interface VerifiedTarget {
  readonly snapshotId: string;
  /** Read and found equal. */
  readonly blocks: number;
  /** Blocks of zeros that the snapshot never got. */
  readonly absentBlocks: number;
  /** Of the disk. */
  readonly sizeBytes: number;
  /** The fingerprint of the primary key that signed the disk's image, where a keyring was given. */
  readonly signedBy?: string;
}

/** @throws EbsDirectError `SNAPSHOT_DIFFERS`, `ABSENT_BLOCKS` */
export async function verifyTarget(options: VerifyTargetOptions): Promise<VerifiedTarget> {
  const { target, saveDigests, allowAbsent, settings, view } = options;
  const { signal } = settings;
  const show = <T>(stage: Stage, work: () => Promise<T>) =>
    showStage({ view, image: target, stage, signal }, work);
  await using local = settings.local ? await openLocalAccount(settings) : undefined;
  const { cloud, calls, snapshotId } = await show('checking', async () => {
    const connection = { ...settings.connection, ...local?.connection };
    const { allowUnknownAccount } = settings;
    const cloud = await openCloud({ ...connection, allowUnknownAccount, onNotice: view.notice, signal });
    const calls = { ...cloud.calls, signal, onNotice: view.notice };
    return { cloud, calls, snapshotId: await snapshotOf(cloud, target, calls) };
  });
  const { expected, signedBy: signer } = await expectedContent(options, cloud);
  if (saveDigests !== undefined) await writeDigests({ path: saveDigests, content: expected });
  const ebs = createEbsClient(cloud.connection);
  try {
    const { blocks, absentBlocks } = await show('verify snapshot', () =>
      verifySnapshot({
        ...calls,
        ebs,
        snapshotId,
        expected,
        allowAbsent: () => mayLackBlocks({ ...calls, client: cloud.ec2, snapshotId, allowAbsent }),
        onProgress: ({ done }) => view.progress(target, { done, total: expected.sizeBytes, unit: 'bytes' }),
      }),
    );
    if (absentBlocks > 0) view.notice(absentBlocksNotice(snapshotId, absentBlocks));
    return {
      snapshotId,
      blocks,
      absentBlocks,
      sizeBytes: expected.sizeBytes,
      ...(signer && { signedBy: signer }),
    };
  } finally {
    ebs.destroy();
  }
}

async function snapshotOf({ ec2 }: Cloud, target: string, calls: CallOptions): Promise<string> {
  if (target.startsWith('snap-')) return target;
  const image = await describeImage({ ...calls, client: ec2, imageId: target });
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

async function expectedContent(
  options: VerifyTargetOptions,
  { signS3 }: Cloud,
): Promise<{ readonly expected: ExpectedContent; readonly signedBy?: string }> {
  const { target, source, maxDiskSize, decompressionMemoryBytes, view } = options;
  const show = <T>(stage: Stage, work: () => Promise<T>) =>
    showStage({ view, image: target, stage, signal: options.settings.signal }, work);
  if ('digests' in source) return { expected: await readDigests({ path: source.digests }) };
  const { workDirectory, signal } = options.settings;
  const directory = await usingWorkDirectory(workDirectory, async () => {
    await makeDirectory(workDirectory);
    return mkdtemp(join(workDirectory, 'verify-'));
  });
  await using localFiles = openLocalFiles();
  try {
    const isFile = 'file' in source;
    // Where that fails, what opens the file next says why.
    const downloaded = isFile
      ? undefined
      : await show('download', () => download(options, { source, directory, localFiles, signS3 }));
    const file = isFile ? await localFiles.record(source.file).catch(() => undefined) : downloaded!.image;
    await using content = await show('convert', () =>
      openContent({
        path: file?.path ?? (source as { readonly file: string }).file,
        diskPath: join(directory, 'disk.decompressed'),
        maxDiskSize,
        decompressionMemoryBytes,
        allowUnbootable: true,
        signal,
        onNotice: view.notice,
      }),
    );
    const expected = await show('checksum', async () => {
      const digests = await digestBlocks({
        blocks: content.blocks({ signal }),
        sizeBytes: content.virtualSizeBytes,
        onProgress: (progress) => view.progress(target, { ...progress, unit: 'bytes' }),
      });
      if (file) await requireUnchanged({ file, signal });
      return digests;
    });
    return { expected, signedBy: downloaded?.signedBy };
  } catch (error) {
    if (error instanceof Error) error.message = localFiles.nameIn(error.message);
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function download(
  { target, settings: { signal }, view }: VerifyTargetOptions,
  {
    source,
    directory,
    localFiles,
    signS3,
  }: {
    readonly source: Extract<DiskSource, { urls: unknown }>;
    readonly directory: string;
    readonly localFiles: LocalFiles;
    readonly signS3: SignS3Request;
  },
): Promise<{ readonly image: VerifiedImage; readonly signedBy?: string }> {
  const { urls, checksum, allowInsecureChecksum, trust } = source;
  const onNotice = view.notice;
  const { digest, signer } =
    'digest' in checksum
      ? { digest: checksum.digest, signer: undefined }
      : await readChecksum({
          url: checksum.url,
          imageUrl: urls,
          entry: checksum.entry,
          allowInsecure: allowInsecureChecksum,
          trust,
          signS3,
          signal,
          onNotice,
        });
  const isOfImage = trust !== undefined && (trust.signs === 'image' || signer === undefined);
  if (isOfImage) requireSignatureUrl(trust, urls[0]!);
  const onProgress = (progress: { readonly done: number; readonly total?: number }) =>
    view.progress(target, { ...progress, unit: 'bytes' });
  const image = await fetchImage({
    url: urls,
    digest,
    allowHttpRedirect: isAuthentic(checksum),
    directory,
    localFiles,
    signS3,
    signal,
    onNotice,
    onProgress,
  });
  const imageSigner = isOfImage
    ? await verifyImageSignature({ image, trust, signS3, signal, onNotice, onProgress })
    : undefined;
  const [what, who] = imageSigner ? (['image', imageSigner] as const) : (['checksum file', signer] as const);
  if (who) onNotice(signedBy(what, who));
  return { image, signedBy: who?.fingerprint };
}
