import { expect, test } from 'vitest';
import { consoleTail, defaultExpectation, readConsole } from '../src/boot-test/console.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

test('escape sequences, carriage returns and control characters are left out', () => {
  const output = base64(
    '\u001b[2J\u001b[01;01HBdsDxe\r\none\r\r\ntwo\u0000\u0007\u001b]0;title\u0007 login: ',
  );
  expect(readConsole(output)).toBe('BdsDxe\none\ntwo login: ');
  expect(readConsole(undefined)).toBe('');
});

test.each([
  ['\nfedora login: ', true],
  ['fedora login:', true],
  ['[ 12.3] cloud-init[900]: Cloud-init v. 24.1 finished at Sun, 22 Nov 2026 10:00:00 +0000.', true],
  ['Last login: Sun Nov 22', false],
  ['Cloud-init v. 24.1 running', false],
])('of %j it is %s that the system is up', (text, expected) => {
  expect(defaultExpectation.test(text)).toBe(expected);
});

test('the tail is the last lines that say anything', () => {
  expect(consoleTail('one\n\n  \ntwo  \n')).toEqual(['one', 'two']);
  expect(consoleTail(Array.from({ length: 100 }, (_, n) => n).join('\n'))).toHaveLength(30);
});
