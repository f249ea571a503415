import { converterVersion, type DiskFacts, inspectImage, openArrivingImage } from '@ec2-image/convert';
import { arrivingBlocks, type Block, type ImageReader, zeroBlocks } from '@ec2-image/disk-blocks';
import type { ArrivingImage, VerifiedImage } from '@ec2-image/fetch';
import { abortable } from '../abortable.ts';
import { lookIntoImage } from './boot/find-boot-mode.ts';
import { type Content, hasHoleMap, openQemuReading, type QemuReading } from './content.ts';
import { notAsPlanned } from './not-as-planned.ts';
import { readImage } from './read-image.ts';
import { contentOptions, type ImageRun } from './run.ts';
import { lacksSigner } from './signer.ts';
import type { StartedImage } from './started-image.ts';

/** The content of an image that is still being downloaded, or, as a local file, hashed. */
export interface ArrivingContent extends AsyncDisposable {
  /** Its blocks come in any order. What QEMU reads, proof and holes, is read once the image is complete. */
  readonly content: Content;
  /** Resolves once the image is verified and inspected, and of the size that was read in its header: nothing is completed before. */
  readonly complete: Promise<CompleteImage>;
  /** Whether this is the error that `complete` has rejected with: there is no such image. */
  isRefused(error: unknown): boolean;
}

export interface CompleteImage {
  readonly image: VerifiedImage;
  readonly facts: DiskFacts;
}

/** The image is there now, and has to be read again: what was read of it was discarded, or could not be read on its way. */
export class ArrivedAgain extends Error {
  /** It has another disk, by format or size: what was written of the first is of no use. */
  readonly isOtherDisk: boolean;

  constructor({ isOtherDisk, cause }: { readonly isOtherDisk: boolean; readonly cause?: unknown }) {
    super('the image arrived again', { cause });
    this.isOtherDisk = isOtherDisk;
  }
}

/** Undefined where the image has to be complete first. */
export async function openArrivingContent(
  run: ImageRun,
  started: StartedImage,
): Promise<ArrivingContent | undefined> {
  // Its signature is verified before anything is sent: tags say whose it is.
  if (run.request.converter !== 'auto' || lacksSigner(run)) return undefined;
  const arriving = await started.arriving;
  const reader = arriving && (await openReader(run, arriving));
  return reader && contentOf(run, { started, arriving, reader });
}

async function openReader(
  { request: { maxDiskSizeBytes: maxDiskSize }, signal: outer }: ImageRun,
  { path, size: fileSize, arrived, hurry, discarded }: ArrivingImage,
): Promise<ImageReader | undefined> {
  const signal = AbortSignal.any([outer, discarded]);
  try {
    return await openArrivingImage({ image: { path, fileSize, arrived, hurry }, maxDiskSize, signal });
  } catch (error) {
    outer.throwIfAborted();
    // It restarts, or its download has failed, which whoever waits for the image is told.
    if (discarded.aborted) return undefined;
    throw error;
  }
}

interface Arriving {
  readonly started: StartedImage;
  readonly arriving: ArrivingImage;
  readonly reader: ImageReader;
}

function contentOf(given: ImageRun, parts: Arriving): ArrivingContent {
  const { reader } = parts;
  const stop = new AbortController();
  const run = { ...given, signal: AbortSignal.any([given.signal, stop.signal]) };
  const complete = completeImage(run, parts);
  let refusal: { readonly error: unknown } | undefined;
  complete.catch((error: unknown) => {
    if (!(error instanceof ArrivedAgain)) refusal = { error };
  });
  let reading: Promise<QemuReading> | undefined;
  const openReading = async (signal?: AbortSignal) => {
    const { facts } = await abortable(complete, signal);
    reading ??= openQemuReading(facts, contentOptions(run));
    return reading;
  };
  return {
    complete,
    isRefused: (error) => refusal?.error === error,
    content: {
      virtualSizeBytes: reader.sizeBytes,
      converter: converterVersion('raw'),
      blocks: ({ signal }) => blocksUntilEnd({ ...parts, complete, signal }),
      zeros: ({ signal }) => zeroBlocks({ reader, signal }),
      async *proof({ extents, signal }) {
        yield* (await openReading(signal)).blocks({ extents, signal });
      },
      ...(hasHoleMap(reader.format, contentOptions(run)) && {
        async *holes({ signal }) {
          yield* (await openReading(signal)).holes!({ signal });
        },
      }),
      [Symbol.asyncDispose]: async () => {},
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      const [opened] = await Promise.allSettled([reading, complete]);
      if (opened.status === 'fulfilled') await opened.value?.[Symbol.asyncDispose]();
      await reader[Symbol.asyncDispose]();
    },
  };
}

/** What ends them early is told once it is known what has become of the image. */
async function* blocksUntilEnd({
  reader,
  complete,
  signal,
}: Pick<Arriving, 'reader'> &
  Pick<ArrivingContent, 'complete'> & { readonly signal?: AbortSignal }): AsyncGenerator<Block> {
  try {
    yield* arrivingBlocks({ reader, signal });
  } catch (cause) {
    signal?.throwIfAborted();
    await abortable(complete, signal);
    throw new ArrivedAgain({ isOtherDisk: false, cause });
  }
}

async function completeImage(run: ImageRun, { started, arriving, reader }: Arriving): Promise<CompleteImage> {
  const image = await abortable(started.finished, run.signal);
  const { path } = image;
  const facts = await readImage(run, image, () => inspectImage({ ...contentOptions(run), path }));
  await lookIntoImage(run, image, facts);
  const isSame =
    facts.packing === undefined && facts.format === reader.format && facts.virtualSize === reader.sizeBytes;
  // The digest is that of another download than the one that was read.
  if (arriving.discarded.aborted) throw new ArrivedAgain({ isOtherDisk: !isSame });
  if (!isSame) throw notAsPlanned();
  return { image, facts };
}
