import { type ChecksumAlgorithm, checksumByteLength } from './algorithms.ts';
import { createChecksum } from './create-checksum.ts';

export interface PartChecksum {
  /** Base64. */
  readonly checksum: string;
  /** In bytes. */
  readonly size: number;
}

/** The algorithms that S3 offers as FULL_OBJECT: a whole's CRC follows from its parts' CRCs and sizes. */
type CrcAlgorithm = Extract<ChecksumAlgorithm, `CRC${string}`>;

/** Bits reversed, as the CRCs themselves: the highest bit is the coefficient of x⁰. */
const polynomials: Readonly<Record<CrcAlgorithm, bigint>> = {
  CRC32: 0xedb88320n,
  CRC32C: 0x82f63b78n,
  CRC64NVME: 0x9a6c9329ac4bc9b5n,
};

/**
 * The CRC of a whole from those of its parts in order, as zlib's `crc32_combine` has it: appending n bytes
 * multiplies the CRC so far by x⁸ⁿ modulo the polynomial; the part's own is then added.
 *
 * @throws TypeError where the algorithm is not a CRC, or a checksum has the wrong length
 */
export function combineChecksums(algorithm: ChecksumAlgorithm, parts: readonly PartChecksum[]): string {
  const polynomial = polynomials[algorithm as CrcAlgorithm];
  if (polynomial === undefined) throw new TypeError(`${algorithm} of a whole does not follow from its parts`);
  const byteLength = checksumByteLength(algorithm);
  const field = createField({ polynomial, width: BigInt(byteLength * 8) });
  // All parts but the last have one size.
  const shifts = new Map<number, bigint>();

  let combined = decode(createChecksum(algorithm).digest(), byteLength);
  for (const { checksum, size } of parts) {
    let shift = shifts.get(size);
    if (shift === undefined) {
      shift = field.xToThe8Times(BigInt(size));
      shifts.set(size, shift);
    }
    combined = field.multiply(shift, combined) ^ decode(checksum, byteLength);
  }
  return Buffer.from(combined.toString(16).padStart(byteLength * 2, '0'), 'hex').toString('base64');
}

function decode(checksum: string, byteLength: number): bigint {
  const bytes = Buffer.from(checksum, 'base64');
  if (bytes.length !== byteLength) throw new TypeError(`not a checksum of ${byteLength} bytes: ${checksum}`);
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** Arithmetic on polynomials over GF(2) modulo the CRC's polynomial. */
function createField({ polynomial, width }: { polynomial: bigint; width: bigint }) {
  const one = 1n << (width - 1n);

  function multiply(a: bigint, b: bigint): bigint {
    let product = 0n;
    let shifted = b;
    for (let bit = one; bit > 0n; bit >>= 1n) {
      if (a & bit) product ^= shifted;
      shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
    }
    return product;
  }

  function xToThe8Times(count: bigint): bigint {
    let power = one;
    let square = one >> 8n;
    for (let rest = count; rest > 0n; rest >>= 1n) {
      if (rest & 1n) power = multiply(power, square);
      square = multiply(square, square);
    }
    return power;
  }

  return { multiply, xToThe8Times };
}
