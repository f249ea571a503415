import { type ArrivingImage, fetchImage, isRemote, type VerifiedImage } from '@ec2-image/fetch';
import { isAuthentic } from '../../config/checksum.ts';
import { recordChecksum } from '../chain.ts';
import { beginEarlyDownload } from '../early-download.ts';
import type { ImageRun } from '../run.ts';
import { requireVerifiable, verifySigner } from '../signer.ts';
import type { StartedImage } from '../started-image.ts';
import { mayStream, openStream } from '../streamed-image.ts';

/** The image: in the work directory and hashing to the digest, or downloaded; with its signature verified where that is asked for. */
export async function obtainImage(run: ImageRun): Promise<VerifiedImage> {
  const early = await run.image.early?.takeFile(run.signal);
  if (!early) return fetchVerified(run);
  await using started = early;
  return await started.finished;
}

/** The same, to be used while it arrives. Disposing of it ends the download, which a later run resumes. */
export async function startImage(run: ImageRun): Promise<StartedImage> {
  return (await run.image.early?.takeFile(run.signal)) ?? startDownload(run);
}

/**
 * Begins the download before it is certain that it is needed, where it is one. Whoever needs the image first, by whichever of
 * these verbs or as a stream, has this download.
 *
 * @param options.isNeedless resolves with true where something may do without the image
 */
export function beginImage(
  run: ImageRun,
  { isNeedless }: { readonly isNeedless?: (run: ImageRun) => Promise<boolean> } = {},
): void {
  if (run.image.early || run.image.isVerified || !isRemote(run.request.urls)) return;
  run.image.early = beginEarlyDownload(async ({ signal: stop, isUnwanted }) => {
    const own = { ...run, signal: AbortSignal.any([run.signal, stop]) };
    if (await isNeedless?.(own)) return undefined;
    const stream = mayStream(own) ? await openStream(own) : undefined;
    return stream ? { stream } : { file: startDownload(own, { isUnwanted }) };
  });
}

function startDownload(run: ImageRun, { isUnwanted }: Pick<FetchVerified, 'isUnwanted'> = {}): StartedImage {
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const { promise: arriving, resolve } = Promise.withResolvers<ArrivingImage | undefined>();
  const onArriving = run.image.isVerified ? undefined : resolve;
  const finished = fetchVerified({ ...run, signal }, { onArriving, isUnwanted });
  finished.then(
    () => resolve(undefined),
    () => resolve(undefined),
  );
  return {
    arriving,
    finished,
    async [Symbol.asyncDispose]() {
      stop.abort();
      // Nothing of this run writes into the work directory when the next one may have it.
      await Promise.allSettled([finished]);
    },
  };
}

interface FetchVerified {
  readonly onArriving?: (image: ArrivingImage) => void;
  /** Whether it was ended as nobody has asked for it. */
  readonly isUnwanted?: () => boolean;
}

async function fetchVerified(
  run: ImageRun,
  { onArriving, isUnwanted }: FetchVerified = {},
): Promise<VerifiedImage> {
  const { request, directory, digest, steps, view, signal, notice } = run;
  requireVerifiable(run);
  const image = await steps.take(
    'download',
    () =>
      fetchImage({
        url: request.urls,
        digest,
        checksumUrl: 'url' in request.checksum ? request.checksum.url : undefined,
        allowHttpRedirect: isAuthentic(request.checksum),
        directory: directory.path,
        localFiles: run.localFiles,
        connections: request.connections,
        signS3: run.cloud.signS3,
        signal,
        onNotice: notice,
        onArriving,
        onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes' }),
      }),
    ({ outcome, bytesTransferred }) => ({
      outcome: outcome === 'reused' || outcome === 'local' ? 'reused' : 'done',
      bytes: bytesTransferred,
    }),
    { isUnwanted },
  );
  // The bytes were hashed as they came.
  recordChecksum(run, image.size);
  await verifySigner(run, image);
  run.image.isVerified = true;
  return image;
}
