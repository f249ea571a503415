import { convertImage, type Disk } from '@ec2-image/convert';
import { obtainImage } from './image.ts';
import type { Work } from './work.ts';

/** The disk: converted from this digest and in the work directory, or converted from the image. */
export async function obtainDisk(work: Work): Promise<Disk> {
  const { request, directory, steps, view, signal, notice, conversions } = work;
  const image = await obtainImage(work);
  return conversions(() =>
    steps.take(
      'convert',
      () =>
        convertImage({
          image,
          format: request.format,
          output: directory.diskPath(request.format),
          reuse: true,
          maxDiskSize: request.maxDiskSizeBytes,
          allowUnbootable: request.allowUnbootable,
          signal,
          onNotice: notice,
          onProgress: ({ stage, done, total }) =>
            view.progress(request.name, {
              done,
              total,
              unit: 'bytes',
              ...(stage === 'decompress' && { note: 'decompressing' }),
            }),
        }),
      ({ outcome, virtualSize }) => ({
        outcome: outcome === 'reused' ? 'reused' : 'done',
        bytes: virtualSize,
      }),
    ),
  );
}
