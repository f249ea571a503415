import { converterVersion, streamDisk } from '@ec2-image/convert';
import type { Block } from '@ec2-image/disk-blocks';
import { redactUrl } from '@ec2-image/redact';
import { lookedInto } from '../boot/find-boot-mode.ts';
import { requireRootVolume } from '../root-volume.ts';
import type { ImageRun } from '../run.ts';
import type { StartedDisk } from '../started-disk.ts';
import type { StreamedImage } from '../started-image.ts';
import { mayStream, openStreamedImage } from '../streamed-image.ts';

/**
 * The disk of a raw image that is read once, during its download: neither of the two is ever a file. Undefined where the image
 * has to be one.
 */
export async function startStreamedDisk(run: ImageRun): Promise<StartedDisk | undefined> {
  const { format } = run.request;
  // The first of the two is for the compiler.
  if (format === 'vmdk' || !mayStream(run)) return undefined;
  const image = await openStreamedImage(run);
  if (!image) return undefined;
  try {
    requireRootVolume(run.request, { diskBytes: image.content.virtualSizeBytes });
    return startedDisk(run, { image, format });
  } catch (error) {
    await image[Symbol.asyncDispose]();
    throw error;
  }
}

function startedDisk(
  run: ImageRun,
  {
    image,
    format,
  }: {
    readonly image: StreamedImage;
    readonly format: Parameters<typeof streamDisk>[0]['format'];
  },
): StartedDisk {
  const { request, digest, steps } = run;
  const { content, downloaded } = image;
  const virtualSize = content.virtualSizeBytes;
  const stop = new AbortController();
  let refusal: { readonly error: unknown } | undefined;
  async function* blocks({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<Block> {
    try {
      yield* lookedInto(run, content).blocks({ signal, digests: false });
    } catch (error) {
      if (!signal.aborted) {
        refusal = { error };
        image.fail(error);
      }
      throw error;
    }
  }
  const disk = streamDisk({ blocks, format, virtualSize, digest });
  const finished = downloaded.then(() => {
    steps.record('convert', { bytes: virtualSize });
    return { virtualSize };
  });
  finished.catch(() => {});
  return {
    signal: AbortSignal.any([run.signal, stop.signal]),
    converter: converterVersion(format),
    finished,
    arriving: {
      discarded: new AbortController().signal,
      complete: finished,
      isRefused: (error) => refusal?.error === error,
    },
    uploadable: { path: redactUrl(request.urls[0]!), ...disk },
    madeBy: async () => converterVersion(format),
    // What was sent was made of the bytes that had the digest: what is left to show is that QEMU finds them in the file.
    prove: ({ signal }) => disk.checkStructure({ signal }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await disk[Symbol.asyncDispose]();
      await image[Symbol.asyncDispose]();
    },
  };
}
