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
  ['//u:p@h/a?b', '//h/a'],
  ['https://u:pa"s\'s@h.example/a', 'https://h.example/a'],
  ['https://h/get/https%3A%2F%2Fme%3Ahunter2%40b%2Fx%3Ft%3D1', 'https://h/get/https%3A%2F%2Fb%2Fx'],
  ['https://h/get/https:%2f%2fme:hun%2540ter%40b%2fx', 'https://h/get/https:%2f%2fb%2fx'],
  [
    'https://h/a/https%253A%252F%252Fme%253Ahunter2%2540b%252Fx%253Ft',
    'https://h/a/https%253A%252F%252Fb%252Fx',
  ],
  ['https%3A%2F%2Fme%3Ahun%252Fter%40b', 'https%3A%2F%2Fb'],
  ['https://me%3Ahunter2%40b/x', 'https://b/x'],
  // Nothing of these is a secret.
  ['https://h/me%40home/%2F/a%3Fb', 'https://h/me%40home/%2F/a%3Fb'],
  ['https://h/get/https%3A%2F%2Fb%2Fme%40home', 'https://h/get/https%3A%2F%2Fb%2Fme%40home'],
])('%j is shown as %j', (url, shown) => {
  expect(redactUrl(url)).toBe(shown);
});

test.each([
  ['see https://u:p@h.example/a?s then <http://u:p@h/b#c>', 'see https://h.example/a then <http://h/b>'],
  ['1http://u:p@h/a _http://u:p@h/b', '1http://h/a _http://h/b'],
  ['git+ssh://u:p@h/a', 'git+ssh://h/a'],
  ['://u:p@h x:// https://', '://h x:// https://'],
  ['no scheme ://x/http://u:p@h/a', 'no scheme ://x/http://h/a'],
  ['not "https://u:pa"ss@h/x"', 'not "https://h/x"'],
  [`not ${JSON.stringify('https://u:pa"s/s@h/x?y')}`, 'not "https://h/x"'],
  ["https://u:pa'ss@h/a, and 'https://h/b'", "https://h/a, and 'https://h/b'"],
  ['//u:p@h/a?b and (//u:p@h)', '//h/a and (//h)'],
  ['proxy //u:pa"ss@h:80 and /srv//images/me@home', 'proxy //h:80 and /srv//images/me@home'],
  ['{"a":"https://h","b":"x@y","c":["http://u:p@h"]}', '{"a":"https://h/","b":"x@y","c":["http://h/"]}'],
  ['got https%3A%2F%2Fme%3Ahunter2%40b%2Fx%3Ft, and 100%', 'got https%3A%2F%2Fb%2Fx and 100%'],
])('in %j every URL is shown as %j does', (text, shown) => {
  expect(redactText(text)).toBe(shown);
});

test('a text takes time in proportion to its length, whatever it is made of', () => {
  const length = 2 ** 18;
  const encoded = ['%2F', '%252F', '%40', '%2540', '%3A', '%3F', '%25'];
  const unit = fc.constantFrom(...'a1.-+:/ @?#"\'\\,<', ...encoded);
  const piece = fc.string({ unit, minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(piece, piece, (one, other) => {
      const start = performance.now();
      redactText(other + one.repeat(length / one.length) + other);
      expect(performance.now() - start, 'ms').toBeLessThan(2000);
    }),
    {
      examples: [
        ['a.', ''],
        ['a-', '://'],
        ['a://', ''],
        ['://', 'a'],
        ['a', '://'],
        ['a://"', '@'],
        ['//"', ''],
        ['//a', '@'],
        ['a://"@', ''],
        ['\\', '//'],
        ['%2F', '%40'],
        ['%2F%2Fa', ''],
        ['%252F', ''],
        ['%25', '%2F%2F'],
        ['%40', '%2F%2F'],
        ['%3F', '%2F%2F'],
      ],
      numRuns: 30,
    },
  );
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
