import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumByteLength,
  checksumHeader,
  isChecksumAlgorithm,
} from '@ec2-image/checksum';
import { invalidRequest, notImplemented } from '../errors.ts';

export interface ChecksumValue {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; of a composite checksum with `-` and the number of parts. */
  readonly value: string;
}

type Header = (name: string) => string | undefined;

/** S3's further algorithms, which the emulator does not compute. */
const uncomputed = ['xxhash64', 'xxhash3', 'xxhash128'];

/** The one `x-amz-checksum-…` header that carries a value, if there is one. */
export function readChecksumHeader(header: Header, { composite = false } = {}): ChecksumValue | undefined {
  const unknown = uncomputed.find((name) => header(`x-amz-checksum-${name}`) !== undefined);
  if (unknown) throw notImplemented(`the checksum algorithm ${unknown}`);
  const found = checksumAlgorithms.flatMap((algorithm) => {
    const value = header(checksumHeader(algorithm));
    return value === undefined ? [] : [{ algorithm, value }];
  });
  if (found.length > 1) {
    throw invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const [checksum] = found;
  if (checksum && !isWellFormed(checksum, composite)) {
    throw invalidRequest(`Value for ${checksumHeader(checksum.algorithm)} header is invalid.`);
  }
  return checksum;
}

function isWellFormed({ algorithm, value }: ChecksumValue, composite: boolean): boolean {
  const base64 = composite ? value.replace(/-\d+$/, '') : value;
  return (
    /^[A-Za-z0-9+/]+={0,2}$/.test(base64) &&
    Buffer.from(base64, 'base64').length === checksumByteLength(algorithm)
  );
}

/** Of `x-amz-checksum-algorithm` and `x-amz-sdk-checksum-algorithm`. */
export function parseAlgorithm(name: string): ChecksumAlgorithm {
  const upper = name.toUpperCase();
  if (isChecksumAlgorithm(upper)) return upper;
  if (uncomputed.includes(name.toLowerCase())) throw notImplemented(`the checksum algorithm ${name}`);
  throw invalidRequest(
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${checksumAlgorithms.join(', ')}]`,
  );
}

/** The algorithm that the trailing headers are said to carry a checksum of. */
export function readTrailerAlgorithm(header: Header): ChecksumAlgorithm | undefined {
  const announced = header('x-amz-trailer');
  if (announced === undefined) return undefined;
  for (const name of announced.toLowerCase().split(',')) {
    const match = /^\s*x-amz-checksum-([a-z0-9]+)\s*$/.exec(name);
    if (match?.[1]) return parseAlgorithm(match[1]);
  }
  throw invalidRequest('The value specified in the x-amz-trailer header is not supported');
}
