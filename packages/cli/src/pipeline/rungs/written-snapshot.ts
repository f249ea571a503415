import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { sampleEvery, sampleOf } from '@ec2-image/convert';
import { blockSizeBytes } from '@ec2-image/disk-blocks';
import * as ebsDirect from '@ec2-image/ebs-direct';
import { describeSnapshot, type FoundSnapshot, findSnapshot, isFinished } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { requireUnchanged } from '@ec2-image/fetch';
import {
  clientToken,
  isSufficientProof,
  omittedHolesTag,
  provenanceKeys,
  readProof,
  writtenDescription,
} from '@ec2-image/provenance';
import { createEbsClient } from '../../aws/ebs-client.ts';
import { absentBlocksNotice } from '../absent-blocks.ts';
import { lookedInto, requireBootMode } from '../boot/find-boot-mode.ts';
import { recordChecksum, showLink } from '../chain.ts';
import { type Content, openContent } from '../content.ts';
import { discardUnproven } from '../proof/discard-unproven.ts';
import type { ProofMeans } from '../proof/prove-while-importing.ts';
import { readImage, readLocalImage } from '../read-image.ts';
import { requireRootVolume } from '../root-volume.ts';
import {
  contentOptions,
  ec2Options,
  type IdentifiedRun,
  type ImageRun,
  type ObtainImage,
  wantedSnapshotOf,
} from '../run.ts';
import { requireSigner } from '../signer.ts';
import type { CompleteSnapshot } from '../snapshot.ts';
import { FailedProof, type SnapshotProof } from '../snapshot-proof.ts';
import { openStreamedImage } from '../streamed-image.ts';
import { constantTagsOf } from '../tags.ts';
import { mayStreamAgain } from '../wrong-streams.ts';

/** The snapshot by way of EBS direct, where an earlier run completed it. */
export async function findWrittenSnapshot(
  run: ImageRun,
  {
    obtainImage,
    proveSnapshot,
    onNothingYet,
  }: Pick<ProofMeans, 'proveSnapshot'> & {
    readonly obtainImage: ObtainImage;
    /** Called where the first look finds nothing, while others are to confirm that. */
    readonly onNothingYet?: () => void;
  },
): Promise<CompleteSnapshot | undefined> {
  const { request, cloud, notice, steps } = run;
  const found = await findCompleteSnapshot(run, { onNothingYet });
  if (found.state !== 'complete') return undefined;
  await requireSigner(run, found.tags, obtainImage);
  await requireBootMode(run, found.tags, obtainImage);
  const { snapshotId } = found.snapshot;
  const converter = found.tags[provenanceKeys.converter];
  const extent = readProof(found.tags);
  if (extent !== undefined && isSufficientProof(extent, request.proof)) {
    notice(`reusing snapshot ${snapshotId}`);
    steps.reuse('import');
    steps.reuse('prove');
    return { snapshot: found.snapshot, proof: { extent, converter } };
  }
  if (request.proof === 'none') return { snapshot: found.snapshot, proof: { extent: 'none', converter } };
  notice(`snapshot ${snapshotId} is complete, and its proof is ${extent ?? 'missing'}`);
  try {
    await proveSnapshot(run, snapshotId);
  } catch (error) {
    if (!(error instanceof FailedProof)) throw error;
    await discardUnproven(run, { failed: error, object: undefined, isTagged: true });
    // There may be another one.
    return findWrittenSnapshot(run, { obtainImage, proveSnapshot });
  }
  steps.reuse('import');
  const madeAt = new Date(cloud.connection.clock.now());
  return { snapshot: found.snapshot, proof: { extent: 'full', converter, madeAt } };
}

/** A complete snapshot of this image. Changes nothing. */
export function findCompleteSnapshot(
  run: IdentifiedRun & Partial<Pick<ImageRun, 'unwantedSnapshots'>>,
  { onNothingYet }: { readonly onNothingYet?: () => void } = {},
): Promise<FoundSnapshot> {
  const { request, cloud, digest } = run;
  return findSnapshot({
    ...ec2Options(run),
    digest,
    format: 'raw',
    account: cloud.account,
    fresh: request.fresh,
    ...wantedSnapshotOf(run),
    onNothingYet,
    except: run.unwantedSnapshots,
    importTasks: false,
  });
}

/** The snapshot, written block by block: while the image is downloaded where that can be, else from its file. */
export async function writeSnapshot(run: ImageRun, obtainImage: ObtainImage): Promise<CompleteSnapshot> {
  const streamed = await writeStreamed(run);
  const { snapshotId, sizeGiB, proof } =
    streamed ?? (await writeLocal(run, obtainImage)) ?? (await writeFromFile(run, obtainImage));
  const isProven = proof.extent !== 'none';
  showLink(run, {
    from: 'image',
    to: 'snapshot',
    shownBy: `SHA-256 of each block, verified by EBS, and of all of them at completion${shownByProof[proof.extent]}`,
  });
  if (isProven) run.steps.record('prove');
  // Of a stream they were made of the bytes that had the digest; a file can be read again for the proof.
  return {
    snapshot: { snapshotId, sizeGiB, content: streamed?.content, isOwn: true },
    proof: { ...proof, ...(isProven && { madeAt: new Date(run.cloud.connection.clock.now()) }) },
  };
}

const shownByProof = {
  full: '; each block is what QEMU reads in the image, or of bytes that have the digest',
  sample: '; a sample of the blocks is what QEMU reads in the image',
  none: '',
} as const;

type Written = ebsDirect.WrittenSnapshot & { readonly proof: Pick<SnapshotProof, 'extent' | 'converter'> };

/** Where our own reader reads the image otherwise than QEMU does, or stumbles over it, QEMU reads it alone, once. */
async function writeFromFile(run: ImageRun, obtainImage: ObtainImage): Promise<Written> {
  const image = await obtainImage(run);
  const write = (converter: ImageRun['request']['converter']) =>
    readImage(run, image, async () => {
      await using content = await openContent({ ...contentOptions(run), converter, path: image.path });
      const beforeComplete = () => requireUnchanged({ file: image, signal: run.signal });
      return await writeFrom(run, content, { beforeComplete });
    });
  try {
    return await write(run.request.converter);
  } catch (error) {
    if (!isMisread(error) || run.signal.aborted) throw error;
    run.notice(`${(error as Error).message}: reading the image with qemu-nbd`);
  }
  return write('qemu-img');
}

function isMisread(error: unknown): boolean {
  return isExplained(error) && ['DAMAGED_CLUSTER', 'DISK_DIFFERS', 'WORKER_FAILED'].includes(error.code);
}

/** From the user's own file, read once: it is hashed as its blocks are sent, and without its digest their end never comes. */
function writeLocal(run: ImageRun, obtainImage: ObtainImage): Promise<Written | undefined> {
  const use = (content: Content) => {
    run.steps.reuse('download');
    return writeFrom(run, content, { beforeComplete: async () => recordChecksum(run) });
  };
  return readLocalImage(run, { obtainImage, use });
}

/** Without any file: blocks are made and sent while the image is downloaded. Undefined where the image has to be a file. */
async function writeStreamed(run: ImageRun): Promise<Written | undefined> {
  try {
    return await writeStreamedOnce(run);
  } catch (error) {
    if (run.signal.aborted || !mayStreamAgain(run, error)) throw error;
    run.notice(`${error.message}; downloading again`);
    return writeStreamedOnce(run);
  }
}

async function writeStreamedOnce(run: ImageRun): Promise<Written | undefined> {
  await using image = await openStreamedImage(run);
  if (!image) return undefined;
  try {
    return await writeFrom(run, image.content, {
      showsProgress: false,
      beforeComplete: () => image.downloaded,
    });
  } catch (error) {
    image.fail(error);
    throw error;
  }
}

/** What was sent is not the requested image, or not one that can be used: data that cannot even be decompressed is not an image either. */
const wrongContentCodes: ReadonlySet<string> = new Set([
  'BOOT_LOADER_MISMATCH',
  'CORRUPT_COMPRESSION',
  'DIGEST_MISMATCH',
  'DISK_DIFFERS',
  'DISK_SIZE_WRONG',
  'IMAGE_CHANGED',
  'NO_BOOT_LOADER',
  'TPM_WITHOUT_UEFI',
  'TRUNCATED_COMPRESSION',
]);

function noteOmitted({ notice }: ImageRun, { snapshotId, sizeGiB, blocks }: ebsDirect.WrittenSnapshot): void {
  const omitted = (sizeGiB * 2 ** 30) / blockSizeBytes - blocks;
  if (omitted > 0) notice(absentBlocksNotice(snapshotId, omitted));
}

function leftoverOf({ snapshotId, state }: ebsDirect.SnapshotState): string | undefined {
  if (state === 'deleted' || state === 'none') return undefined;
  return state === 'completing' ? `snapshot ${snapshotId}` : `pending snapshot ${snapshotId}`;
}

function writeFrom(
  run: ImageRun,
  content: Content,
  {
    beforeComplete,
    showsProgress = true,
  }: { readonly beforeComplete?: () => Promise<void>; readonly showsProgress?: boolean } = {},
): Promise<Written> {
  const { request, cloud, directory, digest, steps, view, signal, notice, leftovers } = run;
  // A mark that later runs go by: the snapshot that somebody else asks for may lack nothing.
  const tags = { ...request.ami.snapshotTags, ...constantTagsOf(run), ...(content.holes && omittedHolesTag) };
  const description = writtenDescription(digest);
  const sizeGiB = ebsDirect.volumeSizeGiB(content.virtualSizeBytes);
  requireRootVolume(request, { diskBytes: content.virtualSizeBytes });
  const { extent, ...proving } = proofOf(run, content);
  return steps.take(
    'import',
    async () => {
      const ebs = createEbsClient(cloud.connection);
      leftovers.set('pending', 'possibly a pending snapshot');
      try {
        const written = await ebsDirect.writeSnapshot({
          ...cloud.calls,
          ebs,
          ec2: cloud.ec2,
          blocks: lookedInto(run, content).blocks,
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
          isWrongContent: (error) => isExplained(error) && wrongContentCodes.has(error.code),
          isFinished: async (snapshotId) =>
            isFinished(await describeSnapshot({ ...ec2Options(run), snapshotId })),
          onState: (state) => leftovers.set('pending', leftoverOf(state)),
          onNotice: notice,
          onProgress: ({ done }) => {
            if (showsProgress) view.progress(request.name, { done, total: sizeGiB * 2 ** 30, unit: 'bytes' });
          },
        });
        leftovers.set('pending', undefined);
        if (content.holes) noteOmitted(run, written);
        return { ...written, proof: { extent, converter: content.converter } };
      } finally {
        ebs.destroy();
      }
    },
    ({ blocksSent }) => ({ bytes: blocksSent * blockSizeBytes }),
  );
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
