import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { sampleEvery, sampleOf } from '@ec2-image/convert';
import { blockSizeBytes } from '@ec2-image/disk-blocks';
import * as ebsDirect from '@ec2-image/ebs-direct';
import { describeSnapshot, isFinished } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { clientToken, omittedHolesTag, writtenDescription } from '@ec2-image/provenance';
import { createEbsClient } from '../aws/ebs-client.ts';
import { absentBlocksNotice } from './absent-blocks.ts';
import { ArrivedAgain, type ArrivingContent } from './arriving-content.ts';
import { lookedInto } from './boot/find-boot-mode.ts';
import type { Content } from './content.ts';
import { requireRootVolume } from './root-volume.ts';
import { ec2Options, type ImageRun } from './run.ts';
import type { SnapshotProof } from './snapshot-proof.ts';
import type { StepResult } from './steps.ts';
import { constantTagsOf } from './tags.ts';

export type Written = ebsDirect.WrittenSnapshot & {
  readonly proof: Pick<SnapshotProof, 'extent' | 'converter'>;
};

/** What was sent is not the requested image, or not one that can be used: data that cannot even be decompressed is not an image either. */
const wrongContentCodes: ReadonlySet<string> = new Set([
  'BOOT_LOADER_MISMATCH',
  'CORRUPT_COMPRESSION',
  'DATA_UNREADABLE',
  'DIGEST_MISMATCH',
  'DISK_DIFFERS',
  'DISK_SIZE_WRONG',
  'IMAGE_CHANGED',
  'NO_BOOT_LOADER',
  'TPM_WITHOUT_UEFI',
  'TRUNCATED_COMPRESSION',
]);

function isWrongContent(error: unknown, arriving: WriteContentOptions['arriving']): boolean {
  if (error instanceof ArrivedAgain) return error.isOtherDisk;
  if (!isExplained(error)) return false;
  // A download that can be resumed is resumed with what was sent of it.
  return wrongContentCodes.has(error.code) || (arriving?.isRefused(error) === true && !error.resumable);
}

function noteOmitted({ notice }: ImageRun, { snapshotId, sizeGiB, blocks }: ebsDirect.WrittenSnapshot): void {
  const omitted = (sizeGiB * 2 ** 30) / blockSizeBytes - blocks;
  if (omitted > 0) notice(absentBlocksNotice(snapshotId, omitted));
}

function leftoverOf({ snapshotId, state }: ebsDirect.SnapshotState): string | undefined {
  if (state === 'deleted' || state === 'none') return undefined;
  return state === 'completing' ? `snapshot ${snapshotId}` : `pending snapshot ${snapshotId}`;
}

export interface WriteContentOptions {
  /** Awaited when all blocks are stored: without it the snapshot is not completed. */
  readonly beforeComplete: () => Promise<void>;
  /** Default true. */
  readonly showsProgress?: boolean;
  /** Whose content it is, where the download is still under way: that is shown until it has ended. */
  readonly arriving?: Pick<ArrivingContent, 'complete' | 'isRefused'>;
}

/**
 * Writes a snapshot of the content. What was sent is kept for the next run unless it is not the image's.
 *
 * @throws EbsDirectError; AwsCallError; what the content throws
 */
export async function writeFrom(
  run: ImageRun,
  content: Content,
  { beforeComplete, showsProgress = true, arriving }: WriteContentOptions,
): Promise<Written> {
  const { request, cloud, directory, digest, steps, view, signal, notice, leftovers } = run;
  // A mark that later runs go by: the snapshot that somebody else asks for may lack nothing.
  const tags = { ...request.ami.snapshotTags, ...constantTagsOf(run), ...(content.holes && omittedHolesTag) };
  const description = writtenDescription(digest);
  const sizeGiB = ebsDirect.volumeSizeGiB(content.virtualSizeBytes);
  requireRootVolume(request, { diskBytes: content.virtualSizeBytes });
  const { extent, ...proving } = proofOf(run, content);
  let isShown = showsProgress && arriving === undefined;
  let hasEnded = false;
  const show = () => {
    if (hasEnded) return;
    isShown = true;
    view.stage(request.name, 'import');
  };
  arriving?.complete.then(show, () => {});
  const write = async (): Promise<Written> => {
    const ebs = createEbsClient(cloud.connection);
    leftovers.set('pending', 'possibly a pending snapshot');
    try {
      const written = await ebsDirect.writeSnapshot({
        ...cloud.calls,
        ebs,
        ec2: cloud.ec2,
        blocks: lookedInto(run, content).blocks,
        zeros: content.zeros,
        ...proving,
        sizeBytes: content.virtualSizeBytes,
        holes: content.holes,
        tags,
        description,
        ...run.encryption,
        clientTokenFor: (attempt) =>
          clientToken({
            account: cloud.account ?? '',
            region: cloud.region,
            bucket: '',
            key: '',
            digest,
            format: 'raw',
            options: {
              ...tags,
              description,
              sizeGiB,
              ...run.encryption,
              // A version that left out more must not be continued, nor what it completed be taken for this.
              blocks: content.holes ? 'without holes' : 'the volume',
              ...(request.fresh && { fresh: run.startedAt.toISOString() }),
              ...(run.unwantedSnapshots.length > 0 && { after: run.unwantedSnapshots.join() }),
            },
            attempt,
          }),
        journalPath: join(directory.path, 'blocks.journal'),
        pollIntervalMs: request.pollIntervalMs,
        signal,
        beforeComplete,
        isWrongContent: (error) => isWrongContent(error, arriving),
        isFinished: async (snapshotId) =>
          isFinished(await describeSnapshot({ ...ec2Options(run), snapshotId })),
        onState: (state) => leftovers.set('pending', leftoverOf(state)),
        onNotice: notice,
        onProgress: ({ done }) => {
          if (isShown) view.progress(request.name, { done, total: sizeGiB * 2 ** 30, unit: 'bytes' });
        },
      });
      leftovers.set('pending', undefined);
      if (content.holes) noteOmitted(run, written);
      return { ...written, proof: { extent, converter: content.converter } };
    } finally {
      ebs.destroy();
    }
  };
  const attempt = async (): Promise<Written | { readonly ended: unknown }> => {
    try {
      return await write();
    } catch (error) {
      if (error instanceof ArrivedAgain || arriving?.isRefused(error)) return { ended: error };
      throw error;
    } finally {
      hasEnded = true;
    }
  };
  const written = await steps.take('import', attempt, stepOf, { isBehind: arriving !== undefined });
  if ('ended' in written) throw written.ended;
  return written;
}

/** A writing that its image has ended has not failed: it is taken again, or never. */
function stepOf(written: Written | { readonly ended: unknown }): StepResult | undefined {
  return 'ended' in written ? undefined : { bytes: written.blocksSent * blockSizeBytes };
}

/**
 * How QEMU reads the image beside the sending. What our reader has not made is what had the digest, or what QEMU has read; and
 * EBS takes each block by its SHA-256.
 */
function proofOf(
  { request, notice }: ImageRun,
  { proof, virtualSizeBytes }: Content,
): Pick<SnapshotProof, 'extent'> & Pick<ebsDirect.WriteSnapshotOptions, 'proof' | 'isProven'> {
  if (request.proof === 'none') return { extent: 'none' };
  if (request.proof === 'full' || !proof) return { extent: 'full', proof };
  const seed = randomInt(2 ** 32);
  notice(`proving a sample of the image: 1 MiB of each ${sampleEvery}, seed ${seed}`);
  const extents = [...sampleOf(virtualSizeBytes, { seed })];
  const indexes = new Set(
    extents.flatMap(({ offset, length }) => {
      const first = offset / blockSizeBytes;
      return Array.from({ length: Math.ceil(length / blockSizeBytes) }, (_, index) => first + index);
    }),
  );
  return {
    extent: 'sample',
    proof: ({ signal }) => proof({ extents, signal }),
    isProven: (index) => indexes.has(index),
  };
}
