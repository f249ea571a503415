import { redactText, redactUrl } from '@ec2-image/redact';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test.each([
  ['https://u:p@h.example/a?X-Amz-Signature=s#f', 'https://h.example/a'],
  ['http://token@127.0.0.1:8080/x', 'http://127.0.0.1:8080/x'],
  ['/srv/images/disk.qcow2', '/srv/images/disk.qcow2'],
  ['not a url?secret=1', 'not a url'],
  ['https://user:pa/ss@host.example/x?y', 'https://host.example/x'],
  ['https://user:p@host.example:99999/x?mail=a@b', 'https://b'],
  ['/srv//images/me@home?x', '/srv//images/me@home'],
  ['a\nb\u001b[31m', 'ab[31m'],
])('%j is shown as %j', (url, shown) => {
  expect(redactUrl(url)).toBe(shown);
});

test('no userinfo and no query survives, in a URL or in a sentence', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcdefXYZ0123'), minLength: 8, maxLength: 20 });
  fc.assert(
    fc.property(word, word, word, (user, password, query) => {
      const url = `https://${user}:${password}@example.com/path?x=${query}`;
      for (const shown of [redactUrl(url), redactText(`GET ${url} failed, see "${url}".`)]) {
        expect(shown).not.toContain(password);
        expect(shown).not.toContain(query);
      }
    }),
  );
});
