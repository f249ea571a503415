import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeChecksumFile } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { beforeEach, expect, test } from 'vitest';
import { scratchDirectory } from './scratch.ts';

// FIPS 180-2, appendix B.1: the digest of "abc".
const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

let directory: string;
let files: string[];

beforeEach(async () => {
  directory = await scratchDirectory();
  files = [join(directory, 'one.qcow2'), join(directory, 'two.raw.xz')];
  await writeFile(files[0]!, 'abc');
  await writeFile(files[1]!, 'other');
});

test("Fedora's form: a comment with the size above each line", async () => {
  const path = join(directory, 'CHECKSUM');
  const digests = await writeChecksumFile({ path, files: [files[0]!] });
  expect(digests).toEqual({ 'one.qcow2': abc });
  expect(await readFile(path, 'utf8')).toBe(`# one.qcow2: 3 bytes\nSHA256 (one.qcow2) = ${abc}\n`);
});

test.each([
  ['bsd', 'sha256'],
  ['bsd', 'sha512'],
  ['coreutils', 'sha256'],
  ['coreutils', 'sha512'],
] as const)('%s with %s is what coreutils itself accepts', async (style, algorithm) => {
  const path = join(directory, 'CHECKSUM');
  await writeChecksumFile({ path, files, style, algorithm });
  const { stdout } = await execa(`${algorithm}sum`, ['--check', '--strict', path], { cwd: directory });
  expect(stdout).toBe('one.qcow2: OK\ntwo.raw.xz: OK');
});

test('the clear-signed form wraps the same lines', async () => {
  const path = join(directory, 'CHECKSUM');
  await writeChecksumFile({ path, files: [files[0]!], clearSigned: true });
  expect(await readFile(path, 'utf8')).toMatch(
    new RegExp(
      [
        '^-----BEGIN PGP SIGNED MESSAGE-----',
        'Hash: SHA256',
        '',
        '# one\\.qcow2: 3 bytes',
        `SHA256 \\(one\\.qcow2\\) = ${abc}`,
        '-----BEGIN PGP SIGNATURE-----',
        '',
        '([A-Za-z0-9+/=]+\\n)+-----END PGP SIGNATURE-----\n$',
      ].join('\n'),
    ),
  );
});
