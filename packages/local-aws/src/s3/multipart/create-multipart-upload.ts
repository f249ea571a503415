import { type ChecksumAlgorithm, type ChecksumType, multipartChecksumTypes } from '@ec2-image/checksum';
import { parseAlgorithm } from '../body/checksum-headers.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { invalidRequest } from '../errors.ts';
import { readAttributes } from '../objects/attributes.ts';
import { askedEncryptionHeaders, encryptionHeaders } from '../objects/encryption.ts';
import { refuseLongKey } from '../objects/key.ts';
import type { Operation } from '../s3-call.ts';
import { xmlResponse } from '../xml.ts';
import { createUploadId, insertUpload } from './upload-table.ts';

export const createMultipartUpload: Operation = (call) => {
  const bucket = openBucket(call);
  const { key, store, request } = call;
  refuseLongKey(key);
  const attributes = readAttributes(call);
  const { algorithm, type } = chooseChecksum(
    call.header('x-amz-checksum-algorithm'),
    call.header('x-amz-checksum-type'),
  );
  const now = call.now();
  const id = createUploadId(now);
  insertUpload(store, {
    id,
    bucket: bucket.name,
    key,
    initiator: request.accountId,
    initiated_at: now,
    checksum_algorithm: algorithm ?? null,
    checksum_type: type ?? null,
    attributes: JSON.stringify(attributes),
    encryption_headers: JSON.stringify(askedEncryptionHeaders(call)),
  });
  return xmlResponse(
    'InitiateMultipartUploadResult',
    { Bucket: bucket.name, Key: key, UploadId: id },
    {
      ...encryptionHeaders(attributes.encryption),
      ...(algorithm && type && { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type }),
    },
  );
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html */
export function chooseChecksum(
  algorithmHeader: string | undefined,
  typeHeader: string | undefined,
): { algorithm?: ChecksumAlgorithm; type?: ChecksumType } {
  if (algorithmHeader === undefined) {
    if (typeHeader === undefined) return {};
    throw invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  const algorithm = parseAlgorithm(algorithmHeader);
  const types = multipartChecksumTypes(algorithm);
  if (typeHeader === undefined) return { algorithm, ...(types[0] && { type: types[0] }) };
  const type = typeHeader.toUpperCase();
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE') {
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.');
  }
  if (!types.includes(type)) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, type };
}
