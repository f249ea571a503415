import { type ChecksumAlgorithm, checksumHeader } from '@ec2-image/checksum';
import { readExpectations } from '../body/expectations.ts';
import { type StoredBody, storeBody } from '../body/store-body.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { encryptionHeaders, requireDecrypt } from '../objects/encryption.ts';
import { etagOf, quoted } from '../objects/etag.ts';
import type { Operation, S3Call } from '../s3-call.ts';
import { spoilBody } from '../spoil.ts';
import { findUpload, putPart, type UploadRow, uploadAttributes } from './upload-table.ts';

export const uploadPart: Operation = async (call) => {
  openBucket(call);
  const upload = openUpload(call);
  requireDecrypt(uploadAttributes(upload).encryption, call);
  const partNumber = readPartNumber(call);
  const expectations = readExpectations(call.header);
  const algorithm = partAlgorithm(upload, expectations.checksum?.algorithm ?? expectations.trailerAlgorithm);
  const body = await storeBody(call, { expectations, otherwise: algorithm });
  const { kept, answered } = await spoilBody(call, body);
  const { encryption } = uploadAttributes(upload);
  const etag = etagOf(kept.md5, encryption);
  await keepPart(call, { partNumber, etag, body: kept });
  return {
    status: 200,
    headers: {
      etag: quoted(encryption.algorithm === 'AES256' ? answered.md5 : etag),
      ...(answered.checksum && { [checksumHeader(answered.checksum.algorithm)]: answered.checksum.value }),
      ...encryptionHeaders(encryption),
    },
  };
};

export function openUpload({ store, query, bucketName: bucket, key }: S3Call): UploadRow {
  return findUpload(store, { bucket, key, id: query.get('uploadId') ?? '' });
}

export function readPartNumber({ query }: S3Call): number {
  const text = query.get('partNumber') ?? '';
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', text);
}

/**
 * A part comes with a checksum of its upload's algorithm or is refused. Only for the CRC of a full object, which
 * follows from its parts' either way, S3 computes what is missing.
 */
export function partAlgorithm(
  { checksum_algorithm: expected, checksum_type: type }: UploadRow,
  actual: ChecksumAlgorithm | undefined,
): ChecksumAlgorithm {
  const mayBeMissing = expected === null || type === 'FULL_OBJECT';
  if (actual === undefined ? !mayBeMissing : actual !== expected) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${expected?.toLowerCase() ?? 'null'}, actual checksum Type: ${actual?.toLowerCase() ?? 'null'}`,
    );
  }
  return expected ?? 'CRC64NVME';
}

/** Makes a body that is in its file the part, if the upload is still there. */
export async function keepPart(
  call: S3Call,
  { partNumber, etag, body }: { partNumber: number; etag: string; body: StoredBody },
): Promise<{ modifiedAt: number }> {
  const { store } = call;
  const modifiedAt = call.now();
  try {
    store.transaction(() => {
      const upload = openUpload(call);
      if (body.blob) store.blobs.claim(body.blob);
      putPart(store, {
        upload_id: upload.id,
        part_number: partNumber,
        blob: body.blob,
        size: body.size,
        etag,
        checksum: body.checksum?.value ?? null,
        modified_at: modifiedAt,
      });
    });
  } catch (error) {
    await body.discard();
    throw error;
  }
  store.blobs.purge();
  return { modifiedAt };
}
