import { isExplained } from '@ec2-image/explained-error';
import {
  fetchImage,
  openLocalImage,
  type RecordedFile,
  requireUnchanged,
  type VerifiedImage,
} from '@ec2-image/fetch';
import { type Content, localContent } from '../content.ts';
import { contentOptions, type Work } from './work.ts';

/** The image: in the work directory and hashing to the digest, or downloaded. */
export async function obtainImage({
  request,
  directory,
  digest,
  steps,
  view,
  signal,
  notice,
}: Work): Promise<VerifiedImage> {
  const image = await steps.take(
    'download',
    () =>
      fetchImage({
        url: request.urls,
        digest,
        checksumUrl: 'url' in request.checksum ? request.checksum.url : undefined,
        directory: directory.path,
        connections: request.connections,
        signal,
        onNotice: notice,
        onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes' }),
      }),
    ({ outcome, bytesTransferred }) => ({
      outcome: outcome === 'reused' || outcome === 'local' ? 'reused' : 'done',
      bytes: bytesTransferred,
    }),
  );
  // The bytes were hashed as they came; what remains of this step is to say so.
  await steps.take(
    'checksum',
    async () => image,
    ({ size }) => ({ bytes: size }),
  );
  return image;
}

/**
 * Uses what is in a local image, where that can be read once, and hashed as it is read. Undefined where it has to be
 * hashed first.
 */
export async function readingLocalImage<T>(
  work: Work,
  use: (content: Content) => Promise<T>,
): Promise<T | undefined> {
  const { urls: url, checksum } = work.request;
  const checksumUrl = 'url' in checksum ? checksum.url : undefined;
  // What cannot be opened is told by what hashes it.
  const image = await openLocalImage({ url, digest: work.digest, checksumUrl }).catch(() => undefined);
  const content = image && (await localContent({ ...contentOptions(work), image }));
  if (!content) return undefined;
  return readingImage(work, image, () => use(content)).catch(async (error: unknown) => {
    // A decoder may stumble over a wrong image before its end shows that it is one.
    if (isReadingError(error)) await obtainImage(work);
    throw error;
  });
}

/** What a file that others write to meanwhile can end with, wherever it is read. */
const readingErrors: readonly string[] = ['ConvertError', 'ImageHeaderError'];
const readingCodes: readonly string[] = ['DISK_CHANGED', 'DISK_SIZE_WRONG', 'NBD_FAILED', 'QEMU_NBD_FAILED'];

/**
 * Runs what reads the image. Where reading it fails as it was written to, that is the error.
 *
 * @throws FetchError `IMAGE_CHANGED`
 */
export async function readingImage<T>(
  { signal }: Pick<Work, 'signal'>,
  image: RecordedFile,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (isReadingError(error)) await requireUnchanged({ file: image, signal });
    throw error;
  }
}

function isReadingError(error: unknown): boolean {
  return isExplained(error) && (readingErrors.includes(error.name) || readingCodes.includes(error.code));
}
