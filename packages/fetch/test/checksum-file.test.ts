import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryMissing, findDigest, parseChecksumFile } from '../src/checksum/checksum-file.ts';
import { FetchError } from '../src/errors.ts';
import { digestOfBytes, temporaryDirectory } from './support/work.ts';

const name = 'Fedora-Cloud-Base-43.x86_64.qcow2';
const sha256 = digestOfBytes('image');
const sha512 = digestOfBytes('image', 'sha512');
const [hex256, hex512] = [sha256.slice(7), sha512.slice(7)];
const other = digestOfBytes('other').slice(7);

const read = (content: string | Buffer, fileName = name) => {
  const url = 'https://host/CHECKSUM';
  const { entries } = parseChecksumFile({ content: Buffer.from(content), url });
  const digest = findDigest({ entries, fileName, url });
  if (digest === undefined) throw entryMissing({ entries, fileName, url });
  return digest;
};
const base64 = (digest: string) => Buffer.from(digest.slice(7), 'hex').toString('base64');

const failure = (content: string | Buffer, fileName = name): FetchError => {
  try {
    throw new Error(`it was read as ${read(content, fileName)}`);
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    return error;
  }
};

const signed = (text: string, { header = 'Hash: SHA256\n', before = '', after = '' } = {}) =>
  `${before}-----BEGIN PGP SIGNED MESSAGE-----\n${header}\n${text}-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n${after}`;

const signatureOnly = '-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n';

describe('the forms', () => {
  test.each([
    [
      "Fedora's",
      `# ${name}: 583532544 bytes\nSHA256 (${name}) = ${hex256}\nSHA256 (other) = ${other}\n`,
      sha256,
    ],
    ["Fedora's, signed", signed(`# ${name}: 583532544 bytes\nSHA256 (${name}) = ${hex256}\n`), sha256],
    ["Debian's", `${other}  other\n${hex512}  ${name}\n`, sha512],
    ["Ubuntu's", `${other} *other\n${hex256} *${name}\n`, sha256],
    ['with a single space', `${hex256} ${name}`, sha256],
    ['with a tab', `${hex256}\t${name}`, sha256],
    ["OpenSSL's", `SHA256(${name})= ${hex256}\n`, sha256],
    ["OpenSSL 3's", `SHA2-512(${name})= ${hex512}\n`, sha512],
    ['upper case', `${hex256.toUpperCase()}  ${name}\n`, sha256],
    ['blanks behind it', `${hex256}  ${name} \t \n`, sha256],
    ['several blanks in between', `${hex256} \t   ${name}\n`, sha256],
    ['indented', `  \t${other}  other\n    SHA256 (${name}) = ${hex256}  \n`, sha256],
    ['two carriage returns', `${hex256}  ${name}\r\r\n`, sha256],
    ['by a colon', `other: ${other}\n${name}: ${hex256}\n`, sha256],
    ["GitHub's", `sha256:${hex256}  ${name}\n`, sha256],
    ["GitHub's, alone", `sha512:${hex512}\n`, sha512],
    ['an algorithm, then a digest alone', `SHA256: ${hex256}\n`, sha256],
    ['subresource integrity', `sha256-${base64(sha256)}\n`, sha256],
    ['subresource integrity, by name', `sha512-${base64(sha512)}  ${name}\n`, sha512],
    [
      'signed with Charset',
      signed(`${hex256}  ${name}\n`, { header: 'Hash: SHA256\nCharset: utf-8\n' }),
      sha256,
    ],
    [
      'signed without dash escapes',
      signed(`-----\n- x\n${hex256}  ${name}\n`, {
        header: 'Hash: SHA256\nNotDashEscaped: You need GnuPG to verify this message\n',
      }),
      sha256,
    ],
    [
      "Fedora CoreOS's stream",
      JSON.stringify({
        stream: 'stable',
        architectures: {
          x86_64: {
            artifacts: {
              qemu: {
                release: '43.20261101.3.0',
                formats: {
                  'qcow2.xz': {
                    disk: {
                      location: `https://builds.example/prod/streams/stable/${name}`,
                      signature: `https://builds.example/prod/streams/stable/${name}.sig`,
                      sha256: hex256,
                      'uncompressed-sha256': other,
                    },
                  },
                },
              },
              metal: {
                formats: { iso: { disk: { location: 'https://builds.example/other.iso', sha256: other } } },
              },
            },
          },
        },
      }),
      sha256,
    ],
    [
      "GitHub's release",
      JSON.stringify({
        tag_name: 'v1',
        assets: [
          { name: 'other', digest: `sha256:${other}`, browser_download_url: 'https://example.org/other' },
          { name, digest: `sha256:${hex256}`, browser_download_url: `https://example.org/v1/${name}` },
        ],
      }),
      sha256,
    ],
    ['a digest alone', hex256, sha256],
    ['a digest alone, among comments', `# made by hand\r\n\r\n  ${hex512} \r\n`, sha512],
    ['CRLF', `${other}  other\r\n${hex256}  ${name}\r\n`, sha256],
    ['CRLF, signed', signed(`${hex256}  ${name}\n`).replaceAll('\n', '\r\n'), sha256],
    ['a byte order mark', `\ufeff${hex256}  ${name}\n`, sha256],
    [
      'signed, with blank lines around it',
      signed(`${hex256}  ${name}\n`, { before: '\n \n', after: '\n\t\n' }),
      sha256,
    ],
    ['UTF-16, as PowerShell writes it', Buffer.from(`\ufeff${hex256}  ${name}\r\n`, 'utf16le'), sha256],
    ['./ before the name', `${hex256}  ./${name}\n`, sha256],
    ['a directory before the name', `SHA256 (images/x86_64/${name}) = ${hex256}\n`, sha256],
    ['the exact name before a path that ends in it', `${other}  old/${name}\n${hex256}  ${name}\n`, sha256],
    ['the same entry twice', `${hex256}  ${name}\n${hex256} *${name}\n`, sha256],
    ['both algorithms: the stronger', `${hex256}  ${name}\n${hex512}  ${name}\n`, sha512],
    [
      'weak ones beside it',
      `MD5 (${name}) = ${other.slice(32)}\n${other.slice(24)}  ${name}\n${hex256}  ${name}`,
      sha256,
    ],
    ['Flatcar', `# MD5 HASH\n${other.slice(32)}  ${name}\n# SHA512 HASH\n${hex512}  ${name}\n`, sha512],
    ['an entry that is dash-escaped', signed(`- -----\n- SHA256 (${name}) = ${hex256}\n`), sha256],
  ])('%s', (_, content, digest) => {
    expect(read(content)).toBe(digest);
  });

  test('names as sha256sum escapes them', () => {
    expect(read(`\\${hex256}  a\\\\b\\nc\\rd\n`, 'a\\b\nc\rd')).toBe(sha256);
    expect(read(`\\SHA256 (a\\\\b\\nc) = ${hex256}\n`, 'a\\b\nc')).toBe(sha256);
    expect(read(`${hex256}  a\\nb\n`, 'a\\nb')).toBe(sha256);
    expect(read(`SHA256 (a) = b) = ${hex256}\n`, 'a) = b')).toBe(sha256);
  });
});

describe('a signed file is one clear-signed message and nothing else', () => {
  const forged = `SHA256 (${name}) = ${other}\n`;

  test.each([
    ['a line before it', signed(`${hex256}  ${name}\n`, { before: '# comment\n' })],
    ['a line after it', signed(`${hex256}  ${name}\n`, { after: '# comment\n' })],
    ['a byte order mark before it', `\ufeff${signed(`${hex256}  ${name}\n`)}`],
    ['a second signed part', signed(`${hex256}  x\n`) + signed(forged)],
    ['a second header inside', signed(`-----BEGIN PGP SIGNED MESSAGE-----\n\n${forged}`)],
    ['a header that does not stand alone', `x ${signed(forged)}`],
    ['a header that is indented', ` ${signed(forged)}`],
    ['a header after a lone carriage return', `# comment\r${signed(forged)}`],
    ['an entry among the header fields', signed(`${hex256}  x\n`, { header: forged })],
    ['another header field', signed(forged, { header: 'Hash: SHA256\nComment: yes\n' })],
    [
      'an entry in a known header field',
      signed(`${hex256}  x\n`, { header: `Charset: ${other}  ${name}*\n` }),
    ],
    ['an unescaped dash', signed(`-x\n${forged}`)],
    ['another armor in its place', signed(`-----BEGIN PGP MESSAGE-----\n${forged}`)],
    ['no signature', `-----BEGIN PGP SIGNED MESSAGE-----\n\n${forged}`],
    ['no blank line', `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256`],
    ['an escaped header inside', signed(`- -----BEGIN PGP MESSAGE-----\n${hex256}  ${name}\n`)],
    ['a signature before it', signatureOnly + signed(`${hex256}  ${name}\n`)],
    ['a signature in the signature', signed(`${hex256}  ${name}\n`).replace('=abcd', signatureOnly)],
    ['a signature alone, after lines', `${hex256}  ${name}\n${signatureOnly}`],
    ['a line that gpg cuts', signed(`${' '.repeat(20_000)}${hex256}\n`)],
    ['the end of another armor', `${hex256}  ${name}\n-----END PGP MESSAGE-----\n`],
    ['a signature without end', signed(forged).replace(/-----END.*/s, '')],
  ])('%s is refused', (_, content) => {
    expect(failure(content).code).toBe('CHECKSUM_SIGNATURE_MALFORMED');
  });
});

describe('what cannot be answered', () => {
  test('the image is not named: the names that are there, no more than help', () => {
    const names = Array.from({ length: 30 }, (_, index) => `image-${index}`);
    const error = failure(names.map((entry) => `${hex256}  ${entry}\n`).join(''), 'mine\u001b[31m');
    expect(error).toMatchObject({ code: 'CHECKSUM_ENTRY_MISSING', names: names.slice(0, 10) });
    expect(error.message).toBe(
      `https://host/CHECKSUM has no checksum for mine\ufffd[31m; it lists ${names.slice(0, 10).join(', ')}, and 20 more`,
    );
  });

  test('an URL without a file name matches nothing', () => {
    expect(failure(`${hex256}  dir/\n`, '').code).toBe('CHECKSUM_ENTRY_MISSING');
  });

  test('the image is named with a weak checksum only', () => {
    const error = failure(`MD5 (${name}) = ${hex256.slice(32)}\nSHA256 (${name}) = ${hex512}\n`);
    expect(error).toMatchObject({ code: 'CHECKSUM_ENTRY_MISSING' });
    expect(error.message).toContain('with neither SHA-256 nor SHA-512');
  });

  test.each([
    ['two lines of it', `${hex256}  ${name}\n${other}  ${name}\n`],
    ['two directories', `${hex256}  x86_64/${name}\n${other}  arm64/${name}\n`],
    ['two digests alone', `${hex256}\n${other}\n`],
    ['a conflict in the weaker algorithm', `${hex256}  ${name}\n${other}  ${name}\n${hex512}  ${name}\n`],
  ])('contradictions: %s', (_, content) => {
    expect(failure(content)).toMatchObject({ code: 'CHECKSUM_CONFLICT', digests: expect.any(Array) });
  });

  test.each([
    ['<!DOCTYPE html>\n<title>x</title>', 'CHECKSUM_IS_HTML'],
    ['\ufeff\n <?xml version="1.0"?>\n<html xmlns="x">', 'CHECKSUM_IS_HTML'],
    ['', 'CHECKSUM_UNREADABLE'],
    ['# only a comment\n', 'CHECKSUM_UNREADABLE'],
    [`${hex256.slice(1)}  ${name}`, 'CHECKSUM_ENTRY_MISSING'],
    [signatureOnly, 'CHECKSUM_SIGNATURE_MALFORMED'],
  ])('%j', (content, code) => {
    expect(failure(content).code).toBe(code);
  });
});

test.each([
  ['text', []],
  ['binary', ['--binary']],
  ['BSD', ['--tag']],
])('what sha256sum and sha512sum write themselves: %s', async (_, flags) => {
  const cwd = await temporaryDirectory();
  const files = ['plain.img', 'two words.img', 'back\\slash', 'line\nbreak', '(a) = b', 'größe'];
  for (const file of files) await writeFile(join(cwd, file), file);
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const content = execFileSync(`${algorithm}sum`, [...flags, ...files], { cwd });
    for (const file of files) expect(read(content, file)).toBe(digestOfBytes(file, algorithm));
  }
});

describe('properties', () => {
  const lines = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      `${hex256}  ${name}`,
      `\\${hex256} *x\\\\`,
      `SHA512 (${name}) = ${hex512}`,
      '-----BEGIN PGP SIGNED MESSAGE-----',
      '-----BEGIN PGP SIGNATURE-----',
      '-----END PGP SIGNATURE-----',
      'Hash: SHA256',
      '',
      '- x',
      '<html>',
    ),
  );
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    fc
      .array(fc.tuple(lines, fc.constantFrom('\n', '\r\n', '\r', '\0')), { maxLength: 20 })
      .map((parts) => Buffer.from(parts.flat().join(''))),
  );

  test('any bytes give a digest or a FetchError whose message no terminal minds', () => {
    fc.assert(
      fc.property(anything, fc.string({ unit: 'binary' }), (content, fileName) => {
        try {
          expect(read(content, fileName)).toMatch(/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/);
        } catch (error) {
          if (!(error instanceof FetchError)) throw error;
          expect(error.message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
          expect(error.message.length).toBeLessThan(2_000);
        }
      }),
      { numRuns: 500 },
    );
  });

  const fileNames = fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((text) => !/[\0/]|^\.*$/.test(text) && text.trim() === text && text.isWellFormed());
  const escaped = (text: string) =>
    text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  const written = {
    coreutils: (hex: string, file: string) => `${/[\\\n\r]/.test(file) ? '\\' : ''}${hex}  ${escaped(file)}`,
    binary: (hex: string, file: string) => `${/[\\\n\r]/.test(file) ? '\\' : ''}${hex} *${escaped(file)}`,
    bsd: (hex: string, file: string) =>
      `${/[\\\n\r]/.test(file) ? '\\' : ''}SHA256 (${escaped(file)}) = ${hex}`,
  };

  test('every form gives back what was written, of any name, signed or not', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fileNames, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...Object.values(written)),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (files, write, lineEnd, isSigned) => {
          const entries = files.map((file) => ({ file, digest: digestOfBytes(file) }));
          const all = entries.map(({ file, digest }) => `${write(digest.slice(7), file)}\n`).join('');
          const text = (isSigned ? signed(all) : all).replaceAll('\n', lineEnd);
          for (const { file, digest } of entries) expect(read(text, file)).toBe(digest);
        },
      ),
    );
  });
});
