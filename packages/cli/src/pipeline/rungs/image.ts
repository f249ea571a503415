import { type ArrivingImage, fetchImage, type VerifiedImage } from '@ec2-image/fetch';
import { isAuthentic } from '../../config/checksum.ts';
import { recordChecksum } from '../chain.ts';
import type { ImageRun } from '../run.ts';
import { requireVerifiable, verifySigner } from '../signer.ts';
import type { StartedImage } from '../started-image.ts';

/** The image: in the work directory and hashing to the digest, or downloaded; with its signature verified where that is asked for. */
export function obtainImage(run: ImageRun): Promise<VerifiedImage> {
  return fetchVerified(run, {});
}

/** The same, to be used while it arrives. Disposing of it ends the download, which a later run resumes. */
export function startImage(run: ImageRun): StartedImage {
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const { promise: arriving, resolve } = Promise.withResolvers<ArrivingImage | undefined>();
  const onArriving = run.image.isVerified ? undefined : resolve;
  const finished = fetchVerified({ ...run, signal }, { onArriving });
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

async function fetchVerified(
  run: ImageRun,
  { onArriving }: { readonly onArriving?: (image: ArrivingImage) => void },
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
  );
  // The bytes were hashed as they came.
  recordChecksum(run, image.size);
  await verifySigner(run, image);
  run.image.isVerified = true;
  return image;
}
