import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestChecksumFile, checksumFileFor, isSideFile } from '../../src/find/checksum-file.ts';
import { parseGlob } from '../../src/find/glob.ts';
import { chooseNewest } from '../../src/find/newest.ts';

const choose = (pattern: string, names: readonly string[], options = {}) => {
  const glob = parseGlob(pattern);
  const candidates = names.flatMap((name) => {
    const captures = glob.match(name);
    return captures ? [{ name, captures }] : [];
  });
  return chooseNewest(candidates, options);
};

describe('the newest', () => {
  test.each([
    ['numbers as numbers', 'F-*.x86_64.qcow2', ['F-43-1.9.x86_64.qcow2', 'F-43-1.10.x86_64.qcow2'], 1],
    ['more numbers', 'F-*.x86_64.qcow2', ['F-9.5.1.x86_64.qcow2', 'F-9.5.x86_64.qcow2'], 0],
    ['dates and builds', 'd-*.qcow2', ['d-20261117-2299.qcow2', 'd-20261117-999.qcow2'], 0],
    ['nightly composes', 'F-*.qcow2', ['F-Rawhide-20261002.n.1.qcow2', 'F-Rawhide-20261002.n.0.qcow2'], 0],
    ['numbers too long for a number', 'd-*.raw', [`d-1${'0'.repeat(40)}.raw`, `d-9${'0'.repeat(39)}.raw`], 0],
    [
      'no beta and no candidate',
      'F-*.raw',
      ['F-44_Beta-1.3.raw', 'F-43-1.6.raw', 'F-44-RC1.raw', 'F-44.rc2.raw'],
      1,
    ],
    ['no link without a number', 'R-9-*.raw', ['R-9-9.7-20261101.0.raw', 'R-9-latest.raw'], 0],
    ['a link where there is nothing else', 'R-*.raw', ['R-latest.raw'], 0],
    ['numbers of the architecture aside', 'F-*', ['F-2.x86_64.qcow2', 'F-10.x86_64.qcow2'], 1],
    ['a letter behind a number', 'v-*.raw', ['v-2026a.raw', 'v-2026b.raw'], 1],
  ])('%s', (_, pattern, names, index) => {
    expect(choose(pattern, names)).toEqual({ newest: names[index] });
  });

  test('a beta is found by a pattern that asks for one', () => {
    expect(choose('F-44_Beta-*.raw', ['F-44_Beta-1.3.raw'])).toEqual({ newest: 'F-44_Beta-1.3.raw' });
    expect(choose('F-*.raw', ['F-44_Beta-1.3.raw'])).toBeUndefined();
  });

  test.each([
    ['equal versions', 'd-*.raw', ['d-1.06.raw', 'd-1.6.raw']],
    ['different images', 'Fedora-*.qcow2', ['Fedora-Generic-43-1.6.qcow2', 'Fedora-UEFI-UKI-43-1.6.qcow2']],
    ['different packings', 'disk-*', ['disk-1.6.qcow2', 'disk-1.7.raw.xz']],
  ])('%s are ambiguous', (_, pattern, names) => {
    expect(choose(pattern, names)).toEqual({ ambiguous: names });
  });
});

const translated = new Map([
  ['*', '.*'],
  ['.', '\\.'],
  ['[!a]', '[^a]'],
]);

test('a pattern matches as a regular expression of the same meaning does', () => {
  const piece = fc.constantFrom('*', 'a', 'b', '.', '[ab]', '[!a]', '[a-c]');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.stringMatching(/^[abc.]{0,10}$/), (pieces, name) => {
      const expression = pieces.map((one) => translated.get(one) ?? one).join('');
      const captures = parseGlob(pieces.join('')).match(name);
      expect(captures !== undefined).toBe(new RegExp(`^${expression}$`).test(name));
    }),
  );
});

test('a pattern of many stars takes no longer', () => {
  const started = process.cpuUsage();
  expect(parseGlob(`${'*a'.repeat(100)}b`).match('a'.repeat(255))).toBeUndefined();
  expect(process.cpuUsage(started).user).toBeLessThan(500_000);
});

describe('the checksum file', () => {
  test.each([
    ['F-43-1.10.x86_64.qcow2', ['F-43-1.9-x86_64-CHECKSUM', 'F-43-1.10-x86_64-CHECKSUM', 'other.sha256'], 1],
    ['d.qcow2', ['SHA256SUMS', 'SHA512SUMS', 'SHA512SUMS.sign', 'MD5SUMS'], 1],
    ['d.qcow2', ['SHA256SUMS', 'd.qcow2.sha256', 'e.qcow2.sha512'], 1],
    ['d.img', ['SHA256SUMS.gpg', 'SHA256SUMS'], 1],
    ['d.raw.xz', ['CHECKSUM.SHA256', 'CHECKSUM.SHA512'], 1],
    ['d.qcow2', ['e.qcow2.sha256', 'e.qcow2', 'd.qcow2'], undefined],
  ])('of %s among %j', (image, names, index) => {
    expect(checksumFileFor(image, names)).toBe(index === undefined ? undefined : names[index]);
  });

  test('and what lies beside images is not an image', () => {
    for (const name of ['a.qcow2.sha256', 'F-CHECKSUM', 'SHA256SUMS', 'a.manifest', 'a.raw.asc', 'a.json'])
      expect([name, isSideFile(name)]).toEqual([name, true]);
    for (const name of ['a.qcow2', 'a.img', 'a.raw.xz', 'a.tar.gz', 'a.vhdfixed.xz', 'a.ova'])
      expect([name, isSideFile(name)]).toEqual([name, false]);
    expect(bestChecksumFile('a-2.raw', ['a-1-CHECKSUM', 'a-2-CHECKSUM.asc', 'a-2-CHECKSUM'])).toBe(
      'a-2-CHECKSUM',
    );
  });
});
