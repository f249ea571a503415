import {
  type ChecksumAlgorithm,
  type ChecksumType,
  combineChecksums,
  compositeChecksum,
  compositeETag,
} from '@ec2-image/checksum';
import type { ChecksumValue } from '../body/checksum-headers.ts';
import { invalidRequest, s3Error } from '../errors.ts';
import type { UploadPartRow, UploadRow } from './upload-table.ts';

/** A part as CompleteMultipartUpload lists it. */
export interface ListedPart {
  readonly partNumber: number;
  /** With or without quotes. */
  readonly etag: string;
  readonly checksums: readonly ChecksumValue[];
}

/** What the headers of CompleteMultipartUpload promise of the object. */
export interface CompletionHeaders {
  readonly checksum?: ChecksumValue | undefined;
  readonly checksumType?: string | undefined;
  readonly objectSize?: string | undefined;
}

export interface Assembly {
  readonly parts: readonly UploadPartRow[];
  readonly size: number;
  readonly etag: string;
  readonly checksum: { algorithm: ChecksumAlgorithm; type: ChecksumType; value: string };
}

type UploadChecksum = Pick<UploadRow, 'id' | 'checksum_algorithm' | 'checksum_type'>;

const leastPartBytes = 5 * 1024 * 1024;

/**
 * What the listed parts make, once everything that the request says of them and of the whole is found true;
 * else the error that S3 answers.
 */
export function assemble(
  upload: UploadChecksum,
  {
    listed,
    stored,
    headers,
  }: {
    listed: readonly ListedPart[];
    stored: ReadonlyMap<number, UploadPartRow>;
    headers: CompletionHeaders;
  },
): Assembly {
  refuseDisorder(upload, listed);
  refuseOtherMode(upload, headers);
  const parts = listed.map((part, index) =>
    checkPart(upload, part, { stored: stored.get(part.partNumber), last: index === listed.length - 1 }),
  );
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  refuseOtherSize(headers.objectSize, size);
  const checksum = wholeChecksum(upload, parts);
  refuseOtherChecksum(headers.checksum, checksum);
  return { parts, size, etag: compositeETag(parts.map(({ etag }) => etag)), checksum };
}

/** Ascending; and without gaps from 1 where each part has its checksum in the composite one. */
function refuseDisorder(upload: UploadChecksum, listed: readonly ListedPart[]): void {
  if (listed.length === 0) throw s3Error('MalformedXML');
  const gapless = upload.checksum_type === 'COMPOSITE';
  listed.forEach(({ partNumber }, index) => {
    const previous = listed[index - 1]?.partNumber ?? 0;
    if (gapless ? partNumber !== index + 1 : partNumber <= previous) {
      throw s3Error('InvalidPartOrder', { details: { UploadId: upload.id } });
    }
  });
}

function refuseOtherMode(upload: UploadChecksum, { checksumType }: CompletionHeaders): void {
  if (checksumType === undefined) return;
  const asked = checksumType.toUpperCase();
  if (asked !== 'FULL_OBJECT' && asked !== 'COMPOSITE') {
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.');
  }
  const mode = upload.checksum_type ?? 'FULL_OBJECT';
  if (asked !== mode) {
    throw invalidRequest(
      `The upload was created using the ${mode} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
}

function checkPart(
  upload: UploadChecksum,
  { partNumber, etag, checksums }: ListedPart,
  { stored, last }: { stored: UploadPartRow | undefined; last: boolean },
): UploadPartRow {
  const details = { UploadId: upload.id, PartNumber: partNumber, ETag: etag.replaceAll('"', '') };
  if (!stored || stored.etag !== details.ETag) throw s3Error('InvalidPart', { details });
  const { checksum_algorithm: algorithm } = upload;
  const given = checksums.find((checksum) => checksum.algorithm === algorithm);
  if (!given && algorithm && upload.checksum_type === 'COMPOSITE') {
    const [other] = checksums;
    if (other) {
      throw s3Error('BadDigest', {
        message: `The ${other.algorithm.toLowerCase()} you specified for part ${partNumber} did not match what we received.`,
      });
    }
    throw invalidRequest(
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${partNumber} in the request.`,
    );
  }
  if (given ? given.value !== stored.checksum : checksums.length > 0 && !algorithm) {
    throw s3Error('InvalidPart', { details });
  }
  if (!last && stored.size < leastPartBytes) {
    throw s3Error('EntityTooSmall', {
      details: { ...details, ProposedSize: stored.size, MinSizeAllowed: leastPartBytes },
    });
  }
  return stored;
}

function refuseOtherSize(objectSize: string | undefined, size: number): void {
  if (objectSize === undefined) return;
  if (!/^\d+$/.test(objectSize)) {
    throw invalidRequest(`Value for x-amz-mp-object-size header is invalid: '${objectSize}'`);
  }
  if (Number(objectSize) !== size) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${objectSize} does not match what was computed: ${size}`,
    );
  }
}

function wholeChecksum(upload: UploadChecksum, parts: readonly UploadPartRow[]): Assembly['checksum'] {
  const algorithm = upload.checksum_algorithm ?? 'CRC64NVME';
  const type = upload.checksum_type ?? 'FULL_OBJECT';
  const checksums = parts.map(({ checksum, size }) => ({ checksum: checksum ?? '', size }));
  return {
    algorithm,
    type,
    value:
      type === 'FULL_OBJECT'
        ? combineChecksums(algorithm, checksums)
        : compositeChecksum(
            algorithm,
            checksums.map(({ checksum }) => checksum),
          ),
  };
}

function refuseOtherChecksum(given: ChecksumValue | undefined, computed: Assembly['checksum']): void {
  if (!given) return;
  if (given.algorithm !== computed.algorithm) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${computed.algorithm.toLowerCase()}, actual checksum Type: ${given.algorithm.toLowerCase()}`,
    );
  }
  // The number of parts may be left off.
  const value = given.value.includes('-') ? computed.value : computed.value.replace(/-\d+$/, '');
  if (given.value !== value) {
    throw s3Error('BadDigest', {
      message: `The ${given.algorithm.toLowerCase()} you specified did not match the calculated checksum.`,
    });
  }
}
