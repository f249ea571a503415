import { isExplained } from '@ec2-image/explained-error';
import { openLocalImage, type RecordedFile, requireUnchanged } from '@ec2-image/fetch';
import { type Content, localContent } from './content.ts';
import { contentOptions, type ImageRun, type ObtainImage } from './run.ts';
import { lacksSigner } from './signer.ts';

/**
 * Uses what is in a local image, where that can be read once, and hashed as it is read. Undefined where it has to be
 * hashed first, or its signature verified.
 */
export async function readLocalImage<T>(
  run: ImageRun,
  { obtainImage, use }: { readonly obtainImage: ObtainImage; readonly use: (content: Content) => Promise<T> },
): Promise<T | undefined> {
  if (lacksSigner(run)) return undefined;
  const { urls: url, checksum } = run.request;
  const checksumUrl = 'url' in checksum ? checksum.url : undefined;
  // What cannot be opened is told by what hashes it.
  const { digest, localFiles } = run;
  const image = await openLocalImage({ url, digest, checksumUrl, localFiles }).catch(() => undefined);
  const content = image && (await localContent({ ...contentOptions(run), image }));
  if (!content) return undefined;
  return readImage(run, image, () => use(content)).catch(async (error: unknown) => {
    // A decoder may stumble over a wrong image before its end shows that it is one: then hashing it says so.
    if (isReadingError(error)) await obtainImage(run);
    throw error;
  });
}

/** What a file that others write to meanwhile can end with, wherever it is read. */
const readingErrors: readonly string[] = ['ConvertError', 'ImageHeaderError'];
const readingCodes: readonly string[] = [
  'DAMAGED_CLUSTER',
  'DATA_UNREADABLE',
  'DISK_CHANGED',
  'DISK_DIFFERS',
  'DISK_SIZE_WRONG',
  'NBD_FAILED',
  'QEMU_NBD_FAILED',
];

/**
 * Runs what reads the image. Where reading it fails as it was written to, that is the error.
 *
 * @param image undefined where it is not a file
 * @throws FetchError `IMAGE_CHANGED`
 */
export async function readImage<T>(
  { signal }: Pick<ImageRun, 'signal'>,
  image: RecordedFile | Promise<RecordedFile> | undefined,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (image && isReadingError(error)) await requireUnchanged({ file: await image, signal });
    throw error;
  }
}

function isReadingError(error: unknown): boolean {
  return isExplained(error) && (readingErrors.includes(error.name) || readingCodes.includes(error.code));
}
