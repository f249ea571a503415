import { storeBytes } from '../body/store-bytes.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { readContent } from '../content.ts';
import { errorWithin200, takeErrorWithin200 } from '../error-within-200.ts';
import { invalidArgument } from '../errors.ts';
import { openCopySource } from '../objects/copy-source.ts';
import { encryptionHeaders, requireDecrypt } from '../objects/encryption.ts';
import { etagOf, quoted } from '../objects/etag.ts';
import type { ByteRange } from '../objects/range.ts';
import type { Operation } from '../s3-call.ts';
import { spoilBody } from '../spoil.ts';
import { isoSeconds } from '../times.ts';
import { xmlResponse } from '../xml.ts';
import { keepPart, openUpload, readPartNumber } from './upload-part.ts';
import { uploadAttributes } from './upload-table.ts';

export const uploadPartCopy: Operation = async (call) => {
  openBucket(call);
  const upload = openUpload(call);
  requireDecrypt(uploadAttributes(upload).encryption, call);
  const partNumber = readPartNumber(call);
  const source = openCopySource(call);
  const { first, last } = copyRange(call.header('x-amz-copy-source-range'), source.object.size);
  const failure = takeErrorWithin200(call);
  if (failure?.when === 'before') return errorWithin200(call, failure);

  const { blobs } = call.store;
  const copied = await storeBytes(blobs, {
    source: readContent(blobs, { extents: source.parts, first, length: last - first + 1 }),
    algorithm: upload.checksum_algorithm ?? 'CRC64NVME',
  });
  const { kept, answered } = await spoilBody(call, copied);
  const { encryption } = uploadAttributes(upload);
  const etag = etagOf(kept.md5, encryption);
  const { modifiedAt } = await keepPart(call, { partNumber, etag, body: kept });
  if (failure) return errorWithin200(call, failure);
  return xmlResponse(
    'CopyPartResult',
    {
      LastModified: isoSeconds(modifiedAt),
      ETag: quoted(encryption.algorithm === 'AES256' ? answered.md5 : etag),
      ...(upload.checksum_algorithm && {
        [`Checksum${upload.checksum_algorithm}`]: answered.checksum?.value,
      }),
    },
    {
      ...encryptionHeaders(encryption),
      ...(source.bucket.versioning && { 'x-amz-copy-source-version-id': source.object.version_id }),
    },
  );
};

/** Unlike `Range` it must have both ends, inside the source. */
function copyRange(header: string | undefined, size: number): ByteRange {
  if (header === undefined) return { first: 0, last: size - 1 };
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || first > last) {
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      header,
    );
  }
  if (last >= size) {
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${size}`,
      'x-amz-copy-source-range',
      header,
    );
  }
  return { first, last };
}
