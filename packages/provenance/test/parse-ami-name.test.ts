import { amiNameOf, parseAmiName } from '@ec2-image/provenance';
import fc from 'fast-check';
import { expect, it } from 'vitest';

it.each([
  ['fedora-aws-i20261122', { name: 'fedora-aws', suffix: '20261122' }],
  ['fedora-images-i43', { name: 'fedora-images', suffix: '43' }],
  ['fedora', undefined],
  ['-i43', undefined],
  ['fedora-i', undefined],
])('%s', (amiName, parts) => {
  expect(parseAmiName(amiName)).toEqual(parts);
});

it('takes apart what amiNameOf put together, where the suffix has no -i of its own', () => {
  const part = fc.stringMatching(/^[A-Za-z0-9._-]{1,40}$/);
  fc.assert(
    fc.property(part, part, (name, suffix) => {
      fc.pre(!`-i${suffix}`.slice(1).includes('-i') && !suffix.startsWith('-i'));
      expect(parseAmiName(amiNameOf({ name, suffix }))).toEqual({ name, suffix });
    }),
  );
});
