import { httpStatusOf } from '@ec2-image/aws-call';
import { combineChecksums } from '@ec2-image/checksum';
import { addressOf, createS3, type S3Options } from '../call/s3.ts';
import type { ByteRange } from '../disk/part-plan.ts';
import { S3UploadError } from '../errors.ts';
import { readBack } from './read-back.ts';
import type { StoredObject } from './stored-object.ts';
import { verifyObject } from './verify-object.ts';

export interface ReadObjectOptions extends S3Options {
  readonly object: StoredObject;
  /** In bytes. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** So much is read by one call, and again where its connection breaks. */
const rangeBytes = 64 * 2 ** 20;

/**
 * Reads the whole object and compares its bytes with the full-object CRC32 that it was proven by. Everything else here
 * believes what S3 reports; this is for where something says that the bytes are others.
 *
 * @throws S3UploadError `OBJECT_CORRUPT`: the bytes differ; `OBJECT_MISSING`, `OBJECT_CHANGED`: another one is there
 */
export async function readObject(options: ReadObjectOptions): Promise<void> {
  const { object, onProgress } = options;
  await verifyObject(options);
  const ranges = rangesOf(object.size);
  let done = 0;
  const stored = await readBack({
    s3: createS3(options),
    address: addressOf({ ...options, ...object }),
    etag: object.etag,
    ranges,
    onProgress(bytes) {
      done += bytes;
      onProgress?.({ done, total: object.size });
    },
  }).catch(async (error: unknown) => {
    options.signal?.throwIfAborted();
    // The SDK compares what it can itself.
    if (isChecksumMismatch(error)) throw corrupt(object, { cause: error });
    if (httpStatusOf(error) === 404 || httpStatusOf(error) === 412) await verifyObject(options);
    throw error;
  });
  const { algorithm, value } = object.checksum;
  const read = combineChecksums(
    algorithm,
    stored.map((checksum, index) => ({ checksum, size: ranges[index]!.end - ranges[index]!.start })),
  );
  if (read !== value) throw corrupt(object, { found: read });
}

function rangesOf(size: number): ByteRange[] {
  return Array.from({ length: Math.ceil(size / rangeBytes) }, (_, index) => ({
    start: index * rangeBytes,
    end: Math.min(size, (index + 1) * rangeBytes),
  }));
}

function isChecksumMismatch(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Checksum mismatch');
}

function corrupt(
  { bucket, key, checksum }: StoredObject,
  { found, cause }: { readonly found?: string; readonly cause?: unknown },
): S3UploadError {
  const differs =
    found === undefined ? 'a checksum that differs' : `the CRC32 ${found} instead of ${checksum.value}`;
  return new S3UploadError('OBJECT_CORRUPT', `the bytes of s3://${bucket}/${key} have ${differs}`, {
    hint: 'Delete the object and upload the disk again.',
    cause,
    facts: { bucket, key, expected: checksum.value, found },
  });
}
