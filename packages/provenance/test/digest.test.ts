import {
  digestAlgorithm,
  digestHex,
  digestOf,
  ProvenanceError,
  parseDigest,
  shortDigest,
} from '@ec2-image/provenance';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const hexOf = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });

test('a digest reads back as what it was made of, whatever the case of its letters', () => {
  fc.assert(
    fc.property(fc.oneof(hexOf(64), hexOf(128)), fc.boolean(), (hex, upper) => {
      const algorithm = hex.length === 64 ? 'sha256' : 'sha512';
      const digest = digestOf(algorithm, upper ? hex.toUpperCase() : hex);
      expect(parseDigest(digest)).toBe(digest);
      expect([digestAlgorithm(digest), digestHex(digest), shortDigest(digest)]).toEqual([
        algorithm,
        hex,
        hex.slice(0, 12),
      ]);
    }),
  );
});

test('any other text is not a digest', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseDigest(text)).toBeUndefined();
    }),
  );
  expect(parseDigest(`sha256:${'A'.repeat(64)}`)).toBeUndefined();
  expect(parseDigest(`sha512:${'a'.repeat(64)}`)).toBeUndefined();
  expect(() => digestOf('sha256', 'a'.repeat(63))).toThrow(ProvenanceError);
  expect(() => digestOf('sha512', `${'a'.repeat(127)}g`)).toThrow(/not a sha512 digest/);
});
