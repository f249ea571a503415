import { type FoundSnapshot, findSnapshot } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { requireUnchanged } from '@ec2-image/fetch';
import { isSufficientProof, provenanceKeys, readProof } from '@ec2-image/provenance';
import { ArrivedAgain, openArrivingContent } from '../arriving-content.ts';
import { requireBootMode } from '../boot/find-boot-mode.ts';
import { recordChecksum, showLink } from '../chain.ts';
import { type Content, openContent } from '../content.ts';
import { discardUnproven } from '../proof/discard-unproven.ts';
import type { ProofMeans } from '../proof/prove-while-importing.ts';
import { readImage, readLocalImage } from '../read-image.ts';
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
import { FailedProof } from '../snapshot-proof.ts';
import type { StartedImage } from '../started-image.ts';
import { openStreamedImage } from '../streamed-image.ts';
import { type Written, writeFrom } from '../write-content.ts';
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

export interface ImageMeans {
  readonly obtainImage: ObtainImage;
  readonly startImage: (run: ImageRun) => Promise<StartedImage>;
}

/** The snapshot, written block by block: while the image is downloaded where that can be, else from its file. */
export async function writeSnapshot(
  run: ImageRun,
  { obtainImage, startImage }: ImageMeans,
): Promise<CompleteSnapshot> {
  const streamed = await writeStreamed(run);
  const { snapshotId, sizeGiB, proof } =
    streamed ?? (await writeLocal(run, obtainImage)) ?? (await writeDownloaded(run, startImage));
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

/** Where our own reader reads the image otherwise than QEMU does, or stumbles over it, QEMU reads it alone, once. */
async function writeDownloaded(run: ImageRun, startImage: ImageMeans['startImage']): Promise<Written> {
  await using started = await startImage(run);
  const { converter } = run.request;
  try {
    return (await writeArriving(run, started)) ?? (await writeFromFile(run, { started, converter }));
  } catch (error) {
    if (!isMisread(error) || run.signal.aborted) throw error;
    run.notice(`${(error as Error).message}: reading the image with qemu-nbd`);
  }
  return await writeFromFile(run, { started, converter: 'qemu-img' });
}

/** While the file arrives. Undefined where that cannot be, or where the file is there by now and has to be read from its beginning. */
async function writeArriving(run: ImageRun, started: StartedImage): Promise<Written | undefined> {
  await using arriving = await openArrivingContent(run, started);
  if (!arriving) return undefined;
  const { content, complete } = arriving;
  const beforeComplete = async () => {
    const { image } = await complete;
    await requireUnchanged({ file: image, signal: run.signal });
  };
  try {
    return await readImage(run, started.finished, async () => {
      const written = await writeFrom(run, content, { beforeComplete, arriving });
      // One that another run has completed is used by those who have verified the image.
      await complete;
      return written;
    });
  } catch (error) {
    run.signal.throwIfAborted();
    if (error instanceof ArrivedAgain) return undefined;
    throw error;
  }
}

async function writeFromFile(
  run: ImageRun,
  { started, converter }: { readonly started: StartedImage } & Pick<ImageRun['request'], 'converter'>,
): Promise<Written> {
  const image = await started.finished;
  return readImage(run, image, async () => {
    await using content = await openContent({ ...contentOptions(run), converter, path: image.path });
    const beforeComplete = () => requireUnchanged({ file: image, signal: run.signal });
    return await writeFrom(run, content, { beforeComplete });
  });
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
