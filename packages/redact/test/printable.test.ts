import { printable } from '@ec2-image/redact';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test.each([
  ['an ordinary name', 'an ordinary name'],
  ['Bücher/图书/🐧.qcow2', 'Bücher/图书/🐧.qcow2'],
  ['\u001b[31mred\u009b0m', '\ufffd[31mred\ufffd0m'],
  ['two\nlines\r\u2028\u2029', 'two\ufffdlines\ufffd\ufffd\ufffd'],
  ['gpj.\u202eexe\u2066', 'gpj.\ufffdexe\ufffd'],
  ['\ud83d', '\ufffd'],
])('%j is shown as %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdefg', 6, 'abcdef…'],
  ['🐧🐧🐧', 3, '🐧🐧🐧'],
  ['a🐧🐧🐧', 3, 'a🐧🐧…'],
])('%j in %i characters is %j', (text, maxLength, shown) => {
  expect(printable(text, { maxLength })).toBe(shown);
});

test('whatever the text and the limit, what is shown is one line of whole characters, and no longer', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (text, maxLength) => {
      const shown = printable(text, { maxLength });
      expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      expect(Array.from(shown).length).toBeLessThanOrEqual(maxLength + 1);
    }),
  );
});
