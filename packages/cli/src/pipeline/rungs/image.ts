import { fetchImage, type VerifiedImage } from '@ec2-image/fetch';
import { isAuthentic } from '../../config/checksum.ts';
import type { ImageRun } from '../run.ts';
import { requireVerifiable, verifySigner } from '../signer.ts';

/** The image: in the work directory and hashing to the digest, or downloaded; with its signature verified where that is asked for. */
export async function obtainImage(run: ImageRun): Promise<VerifiedImage> {
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
        connections: request.connections,
        signS3: run.cloud.signS3,
        signal,
        onNotice: notice,
        onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes' }),
      }),
    ({ outcome, bytesTransferred }) => ({
      outcome: outcome === 'reused' || outcome === 'local' ? 'reused' : 'done',
      bytes: bytesTransferred,
    }),
  );
  // The bytes were hashed as they came.
  steps.record('checksum', { bytes: image.size });
  await verifySigner(run, image);
  return image;
}
