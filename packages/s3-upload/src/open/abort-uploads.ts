import { type Address, addressOf, createS3, type ObjectPlace, type S3, type S3Options } from '../call/s3.ts';
import { abortUpload, listOpenUploads } from './open-uploads.ts';

/** An upload whose parts are arriving while it is aborted may have to be aborted again (S3 API Reference, AbortMultipartUpload). */
const rounds = 3;

/**
 * Aborts every open upload of this key, whoever left it. One that is alive elsewhere finds out at its next part, and
 * looks for the object.
 *
 * @returns how many there were
 */
export async function abortUploads(options: S3Options & ObjectPlace): Promise<number> {
  return abortAll(createS3(options), addressOf(options));
}

export async function abortAll(s3: S3, address: Address): Promise<number> {
  const seen = new Set<string>();
  for (let round = 1; round <= rounds; round++) {
    const uploads = await listOpenUploads(s3, address);
    if (uploads.length === 0) break;
    for (const { uploadId } of uploads) {
      seen.add(uploadId);
      await abortUpload(s3, address, uploadId);
    }
  }
  return seen.size;
}
