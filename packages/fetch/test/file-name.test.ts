import { isAbsolute, join, normalize } from 'node:path';
import { imageFileName } from '@ec2-image/fetch';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { storedFileName } from '../src/file-name.ts';
import { digestOfBytes } from './support/work.ts';

const digest = digestOfBytes('image');
const prefix = digest.slice(7, 19);

describe("the image's own name", () => {
  test.each([
    ['https://host/a/b/disk.qcow2?x=/y#z/w', 'disk.qcow2'],
    ['https://host/a%20b%23.img', 'a b#.img'],
    ['https://host/a%2Fb', 'b'],
    ['https://host/%2e%2e', ''],
    ['https://host/..%2f..%2fetc%2fpasswd', 'passwd'],
    ['https://host/%zz%00', '%zz%00'],
    ['https://host/directory/', ''],
    ['https://host', ''],
    ['/images/My Disk.raw', 'My Disk.raw'],
    ['file:///images/My%20Disk.raw', 'My Disk.raw'],
  ])('%s: %j', (url, name) => {
    expect(imageFileName(url)).toBe(name);
  });
});

describe('the name it lies under', () => {
  test.each([
    ['disk.qcow2', 'disk.qcow2'],
    ['', 'image'],
    ['..', '..'],
    ['a b\n\x1b[31m/\\c.raw.xz', 'a_b_31m_c.raw.xz'],
    ['größe.img', 'gr_e.img'],
    [`${'x'.repeat(300)}.raw.xz`, `${'x'.repeat(173)}.raw.xz`],
  ])('%j: %s', (fileName, safe) => {
    expect(storedFileName({ fileName, digest })).toBe(`${prefix}-${safe}`);
  });

  test('never leaves its directory, never is hidden, and always fits', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.webPath().map((path) => path.replaceAll('a', '%2e%2e%2f').replaceAll('b', '%0a%1b%00')),
      fc.constantFrom('..', '../..', '/etc/passwd', '~', '-rf', '.bashrc', 'CON', 'a\nb', '\u202egpj.exe'),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const url = `https://host/${text}`;
        for (const fileName of [text, imageFileName(url)]) {
          const name = storedFileName({ fileName, digest });
          expect(name).toMatch(/^[0-9a-f]{12}-[A-Za-z0-9._+=@~-]{1,180}$/);
          const path = join('/work', `${name}.partial.journal.next`);
          expect(path).toBe(`/work/${name}.partial.journal.next`);
          expect(normalize(path)).toBe(path);
          expect(isAbsolute(name)).toBe(false);
          expect(Buffer.byteLength(`${name}.partial.journal.next`)).toBeLessThan(256);
        }
      }),
      { numRuns: 200 },
    );
  });
});
