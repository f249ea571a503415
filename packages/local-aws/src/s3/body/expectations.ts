import type { ChecksumAlgorithm } from '@ec2-image/checksum';
import { invalidRequest, notImplemented, s3Error } from '../errors.ts';
import {
  type ChecksumValue,
  parseAlgorithm,
  readChecksumHeader,
  readTrailerAlgorithm,
} from './checksum-headers.ts';

/** What a request's headers promise of its body. */
export interface BodyExpectations {
  /** Without the framing of `aws-chunked`. */
  readonly sizeBytes: number;
  readonly awsChunked: boolean;
  /** Base64. */
  readonly contentMd5?: string;
  /** Hex; absent where the payload is unsigned or signed in chunks. */
  readonly sha256?: string;
  /** From the headers. */
  readonly checksum?: ChecksumValue;
  /** Of the checksum that is to come behind the body. */
  readonly trailerAlgorithm?: ChecksumAlgorithm;
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const mostBytes = 5 * 1024 ** 3;

/** Throws S3's error for promises that cannot be kept or contradict one another. */
export function readExpectations(header: (name: string) => string | undefined): BodyExpectations {
  const payload = header('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  const awsChunked = payload.startsWith('STREAMING-');
  if (payload.startsWith('STREAMING-AWS4-ECDSA')) throw notImplemented('Signature Version 4A');
  const sizeBytes = readSize(header(awsChunked ? 'x-amz-decoded-content-length' : 'content-length'));
  const contentMd5 = header('content-md5');
  if (contentMd5 !== undefined && Buffer.from(contentMd5, 'base64').length !== 16)
    throw s3Error('InvalidDigest');
  const checksum = readChecksumHeader(header);
  const trailerAlgorithm = readTrailerAlgorithm(header);
  refuseLoneAlgorithm(header('x-amz-sdk-checksum-algorithm'), checksum?.algorithm ?? trailerAlgorithm);
  return {
    sizeBytes,
    awsChunked,
    ...(contentMd5 !== undefined && { contentMd5 }),
    ...(/^[0-9a-f]{64}$/i.test(payload) && { sha256: payload.toLowerCase() }),
    ...(checksum && { checksum }),
    ...(trailerAlgorithm && { trailerAlgorithm }),
  };
}

function readSize(text: string | undefined): number {
  if (text === undefined) throw s3Error('MissingContentLength');
  const size = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(size)) throw s3Error('MissingContentLength');
  if (size > mostBytes) {
    throw s3Error('EntityTooLarge', { details: { ProposedSize: size, MaxSizeAllowed: mostBytes } });
  }
  return size;
}

/** The SDK's own header names the algorithm; the value has to be in one of the others. */
function refuseLoneAlgorithm(named: string | undefined, given: ChecksumAlgorithm | undefined): void {
  if (named === undefined) return;
  const algorithm = parseAlgorithm(named);
  if (given === undefined) {
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  if (given !== algorithm) throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.');
}
