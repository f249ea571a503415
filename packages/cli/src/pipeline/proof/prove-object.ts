import { randomInt } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { converterVersion, sampleEvery } from '@ec2-image/convert';
import type { StoredObject } from '@ec2-image/s3-upload';
import { readImage } from '../read-image.ts';
import { type ImageRun, objectUrl } from '../run.ts';
import type { ObtainedObject } from '../snapshot.ts';
import { inPlace, type StartedDisk } from '../started-disk.ts';
import { hasChecksum } from './prove-disk.ts';

export type ObtainDisk = (run: ImageRun) => Promise<StartedDisk>;

/**
 * Proves that image, disk and object are equal, as far as the run asks for it: by a reading of the image that is not the one
 * that made the object. Of an object that an earlier run uploaded, this machine has to make the same bytes.
 *
 * @returns what made the object, where that is known; false where nothing can be told from the object
 * @throws what the disk's `prove` throws
 */
export async function proveObject(
  run: ImageRun,
  { object, disk: own }: Pick<ObtainedObject, 'object' | 'disk'>,
  obtainDisk: ObtainDisk,
): Promise<{ readonly converter: string | undefined } | false> {
  const disk = own ?? (await diskAgain(run, object, obtainDisk));
  if (!disk) return false;
  try {
    const { limits, steps } = run;
    await limits.proofs(() =>
      steps.take('prove', () => proveDisk(run, { disk, object, isOwn: own !== undefined })),
    );
    return { converter: await disk.madeBy() };
  } finally {
    if (!own) await disk[Symbol.asyncDispose]();
  }
}

function proveDisk(
  run: ImageRun,
  {
    disk,
    object,
    isOwn,
  }: { readonly disk: StartedDisk; readonly object: StoredObject; readonly isOwn: boolean },
): Promise<void> {
  const { request, view, signal } = run;
  const extent = request.proof === 'sample' ? 'sample' : 'full';
  const seed = randomInt(2 ** 32);
  if (extent === 'sample')
    run.notice(`proving a sample of ${objectUrl(object)}: 1 MiB of each ${sampleEvery}, seed ${seed}`);
  return readImage(run, disk.image, () =>
    disk.prove({
      object,
      extent,
      isOwn,
      seed,
      signal,
      onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes', stage: 'prove' }),
    }),
  );
}

/**
 * The disk that an object of an earlier run was sent from; undefined where nobody makes the same bytes again: qemu-img writes
 * others each time, and of what it has written only the file can tell.
 */
async function diskAgain(
  run: ImageRun,
  object: StoredObject,
  obtainDisk: ObtainDisk,
): Promise<StartedDisk | undefined> {
  const { request, directory, signal } = run;
  const { format } = request;
  const { converter = 'qemu-img' } = object;
  if (converter === 'qemu-img') {
    const path = directory.diskPath(format);
    const size = await sizeOf(path);
    if (size === undefined || !(await hasChecksum({ path, size }, { object, signal }))) return undefined;
    return obtainDisk({ ...run, request: { ...request, converter } });
  }
  if (converter !== inPlace && converter !== converterVersion(format)) return undefined;
  const disk = await obtainDisk({ ...run, request: { ...request, converter: 'auto' } });
  if (disk.converter === converter) return disk;
  await disk[Symbol.asyncDispose]();
  return undefined;
}

/** In bytes; undefined where there is no such file. */
async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
