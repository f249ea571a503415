import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import * as api from '@ec2-image/checksum';
import {
  adler32,
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumByteLength,
  checksumHeader,
  checksumOf,
  combineChecksums,
  compositeChecksum,
  compositeETag,
  crc32c,
  createChecksum,
  isChecksumAlgorithm,
  multipartChecksumTypes,
} from '@ec2-image/checksum';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'adler32',
    'checksumAlgorithms',
    'checksumByteLength',
    'checksumHeader',
    'checksumOf',
    'combineChecksums',
    'compositeChecksum',
    'compositeETag',
    'crc32Text',
    'crc32c',
    'createChecksum',
    'isChecksumAlgorithm',
    'multipartChecksumTypes',
  ]);
});

const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

describe('known values', () => {
  // The "check" column of the CRC catalogue; FIPS 180-4 and RFC 1321 for the hashes of "abc".
  test.each([
    ['CRC32', '123456789', 'cbf43926'],
    ['CRC32C', '123456789', 'e3069283'],
    ['CRC64NVME', '123456789', 'ae8b14860a799888'],
    ['CRC32', '', '00000000'],
    ['CRC32C', '', '00000000'],
    ['CRC64NVME', '', '0000000000000000'],
    // RFC 3720, B.4: 32 bytes of zeros, and of ones.
    ['CRC32C', '\x00'.repeat(32), '8a9136aa'],
    ['CRC32C', '\xff'.repeat(32), '62a8ab43'],
    // NVM Express NVM Command Set Specification, 64b CRC test cases: 4 KiB of zeros, and of ones.
    ['CRC64NVME', '\x00'.repeat(4096), '6482d367eb22b64e'],
    ['CRC64NVME', '\xff'.repeat(4096), 'c0ddba7302eca3ac'],
    ['SHA1', 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['SHA256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['MD5', 'abc', '900150983cd24fb0d6963f7d28e17f72'],
  ] satisfies [ChecksumAlgorithm, string, string][])('%s of %j', (algorithm, text, expected) => {
    expect(hex(checksumOf(algorithm, bytesOf(text)))).toBe(expected);
  });
});

test('the CRC32C as a number is the one in base64', () => {
  expect(crc32c(bytesOf('123456789'))).toBe(0xe3069283);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(crc32c(bytes)).toBe(Number.parseInt(hex(checksumOf('CRC32C', bytes)), 16));
    }),
  );
});

test('the Adler-32 is the one at the end of what zlib deflates', () => {
  const byZlib = (bytes: Uint8Array) => deflateSync(bytes, { level: 0 }).subarray(-4).readUInt32BE();
  expect(adler32(bytesOf('Wikipedia'))).toBe(0x11e60398);
  for (const bytes of [Buffer.alloc(65_536, 0xff), Buffer.alloc(65_537, 0xff), Buffer.alloc(0)])
    expect(adler32(bytes)).toBe(byZlib(bytes));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000, size: 'max' }), (bytes) => {
      expect(adler32(bytes)).toBe(byZlib(bytes));
    }),
  );
});

const algorithm = fc.constantFrom(...checksumAlgorithms);
const crc = fc.constantFrom('CRC32', 'CRC32C', 'CRC64NVME');
const chunks = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 });

/** The definition, a bit at a time: what the tables must agree with. */
function slowCrc(polynomial: bigint, width: number, bytes: Uint8Array): string {
  const ones = (1n << BigInt(width)) - 1n;
  let value = ones;
  for (const byte of bytes) {
    value ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
  }
  return (value ^ ones).toString(16).padStart(width / 4, '0');
}

test.each([
  ['CRC32', 0xedb88320n, 32],
  ['CRC32C', 0x82f63b78n, 32],
  ['CRC64NVME', 0x9a6c9329ac4bc9b5n, 64],
] satisfies [ChecksumAlgorithm, bigint, number][])(
  '%s agrees with its definition on any bytes',
  (name, polynomial, width) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(hex(checksumOf(name, bytes))).toBe(slowCrc(polynomial, width, bytes));
      }),
    );
  },
);

test('how the bytes are cut into updates changes nothing', () => {
  fc.assert(
    fc.property(algorithm, chunks, (name, pieces) => {
      const checksum = createChecksum(name);
      for (const piece of pieces) checksum.update(piece);
      expect(checksum.digest()).toBe(checksumOf(name, Buffer.concat(pieces)));
    }),
  );
});

test('the CRC of the whole follows from those of its parts', () => {
  fc.assert(
    fc.property(crc, chunks, (name, pieces) => {
      const parts = pieces.map((piece) => ({ checksum: checksumOf(name, piece), size: piece.length }));
      expect(combineChecksums(name, parts)).toBe(checksumOf(name, Buffer.concat(pieces)));
    }),
  );
});

test('combining joins associatively at sizes no test can hold in memory', () => {
  const size = fc.integer({ min: 0, max: 5 * 2 ** 40 });
  fc.assert(
    fc.property(
      crc,
      fc.array(fc.tuple(fc.uint8Array({ minLength: 1 }), size), { minLength: 3, maxLength: 3 }),
      (name, drawn) => {
        const [a, b, c] = drawn.map(([bytes, bytesSize]) => ({
          checksum: checksumOf(name, bytes),
          size: bytesSize,
        })) as [api.PartChecksum, api.PartChecksum, api.PartChecksum];
        const bc = { checksum: combineChecksums(name, [b, c]), size: b.size + c.size };
        expect(combineChecksums(name, [a, bc])).toBe(combineChecksums(name, [a, b, c]));
      },
    ),
  );
});

test('10,000 parts, the most S3 takes, combine in well under a second', () => {
  const part = { checksum: checksumOf('CRC64NVME', bytesOf('part')), size: 16 * 2 ** 20 };
  const started = performance.now();
  combineChecksums('CRC64NVME', Array(10_000).fill(part));
  expect(performance.now() - started).toBeLessThan(1000);
});

test('a hash does not combine, and a checksum of another length is refused', () => {
  expect(() => combineChecksums('SHA256', [])).toThrow(TypeError);
  expect(() => combineChecksums('CRC32', [{ checksum: 'AAAA', size: 1 }])).toThrow(TypeError);
});

test('composite values carry the number of parts', () => {
  const parts = ['first part', 'second'].map(bytesOf);
  const digests = parts.map((part) => createHash('sha256').update(part).digest());
  expect(
    compositeChecksum(
      'SHA256',
      digests.map((digest) => digest.toString('base64')),
    ),
  ).toBe(`${createHash('sha256').update(Buffer.concat(digests)).digest('base64')}-2`);

  const md5s = parts.map((part) => createHash('md5').update(part).digest('hex'));
  const expected = `${createHash('md5')
    .update(Buffer.from(md5s.join(''), 'hex'))
    .digest('hex')}-2`;
  expect(compositeETag(md5s)).toBe(expected);
  expect(compositeETag(md5s.map((md5) => `"${md5}"`))).toBe(expected);
});

test('the facts of each algorithm', () => {
  for (const name of checksumAlgorithms) {
    expect(isChecksumAlgorithm(name)).toBe(true);
    expect(Buffer.from(createChecksum(name).digest(), 'base64')).toHaveLength(checksumByteLength(name));
  }
  expect(['XXHASH64', 'crc32', 'toString', ''].filter(isChecksumAlgorithm)).toEqual([]);
  expect(checksumHeader('CRC64NVME')).toBe('x-amz-checksum-crc64nvme');
  expect(multipartChecksumTypes('CRC64NVME')).toEqual(['FULL_OBJECT']);
  expect(multipartChecksumTypes('CRC32')).toEqual(['COMPOSITE', 'FULL_OBJECT']);
  expect(multipartChecksumTypes('SHA256')).toEqual(['COMPOSITE']);
});
