import { isSufficientProof, type ProofExtent, readProof } from '@ec2-image/provenance';
import { expect, test } from 'vitest';

test.each<[ProofExtent | undefined, ProofExtent, boolean]>([
  ['full', 'full', true],
  ['full', 'sample', true],
  ['sample', 'full', false],
  ['sample', 'sample', true],
  ['none', 'sample', false],
  [undefined, 'sample', false],
  [undefined, 'none', true],
  ['none', 'none', true],
])('a proof %s where %s is asked for: %s', (found, wanted, is) => {
  expect(isSufficientProof(found, wanted)).toBe(is);
});

test.each([
  [{ 'ec2-image:proof': 'sample' }, 'sample'],
  [{ 'ec2-image:proof': 'complete' }, undefined],
  [{}, undefined],
])('the tags %o say %s', (tags, proof) => {
  expect(readProof(tags)).toBe(proof);
});
