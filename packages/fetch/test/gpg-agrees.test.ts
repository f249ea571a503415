import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readChecksum } from '@ec2-image/fetch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catchFailure, digestOfBytes } from './support/work.ts';

const run = promisify(execFile);
const fileName = 'disk.qcow2';
const genuine = digestOfBytes('genuine');
const entry = `SHA256 (${fileName}) = ${genuine.slice(7)}\n`;
const forgedHex = digestOfBytes('forged').slice(7);
const forged = `SHA256 (${fileName}) = ${forgedHex}\n`;

/** Short: gpg's agent listens on a socket in it. */
const home = join(tmpdir(), `gpg-${process.pid}`);
const gpg = (...args: string[]) =>
  run('gpg', [
    '--homedir',
    home,
    '--batch',
    '--yes',
    '--pinentry-mode',
    'loopback',
    '--passphrase',
    '',
    ...args,
  ]);

beforeAll(async () => {
  await mkdir(home, { mode: 0o700 });
  await gpg('--quick-generate-key', 'Publisher <publisher@example.org>', 'ed25519', 'sign', 'never');
});
afterAll(async () => {
  await run('gpgconf', ['--homedir', home, '--kill', 'all']);
  await rm(home, { recursive: true, force: true });
});

async function signedBy(how: readonly string[], text: string): Promise<Buffer> {
  const path = join(home, 'text');
  await writeFile(path, text);
  await gpg(...how, '--output', `${path}.signed`, path);
  return readFile(`${path}.signed`);
}
const clearSigned = async (text: string) => (await signedBy(['--clear-sign'], text)).toString();

/** What a person sees who verifies the file by hand, and what the tool takes from it. */
async function seen(content: string | Buffer) {
  const path = join(home, 'CHECKSUM');
  await writeFile(path, content);
  const { stderr } = await gpg('--verify', path).catch((error: { stderr: string }) => error);
  return { gpg: stderr, read: () => readChecksum({ url: path, imageUrl: `/images/${fileName}` }) };
}

test.each([
  ['an entry', entry],
  ['comments, as Fedora writes them, and lines of dashes', `# ${fileName}: 1 bytes\n-----\n- x\n${entry}`],
  ['CRLF', entry.replace('\n', '\r\n')],
])('what gpg clear-signs is read: %s', async (_, text) => {
  const { gpg, read } = await seen(await clearSigned(text));
  expect(gpg).toContain('Good signature');
  expect(await read()).toMatchObject({ digest: genuine });
});

describe('gpg finds a good signature, and what is around it is not believed', () => {
  const armored = async () => (await signedBy(['--armor', '--sign'], entry)).toString();
  const inSignedPart = (text: string) => (message: string) => message.replace('\n\n\n', `\n\n${text}\n`);
  const attacks: readonly [string, () => Promise<string | Buffer>, string?][] = [
    ['a line before a clear-signed message', async () => forged + (await clearSigned('# nothing\n'))],
    ['a line after it', async () => (await clearSigned('# nothing\n')) + forged],
    ['a line before an armored message', async () => forged + (await armored())],
    ['a line after it', async () => (await armored()) + forged],
    ['a comment of its armor', async () => (await armored()).replace('\n', `\nComment: x\r${forged}`)],
    [
      'the end of a line that gpg cuts',
      async () => inSignedPart(`${' '.repeat(20_000)}${forgedHex}`)(await clearSigned('\n# nothing\n')),
    ],
    [
      'the file name in a binary message',
      () => signedBy(['--sign', '--compress-algo', 'none', '--set-filename', `\n${forged}`], '# nothing\n'),
      'CHECKSUM_UNREADABLE',
    ],
  ];
  test.each(attacks)('%s', async (_, attack, code = 'CHECKSUM_SIGNATURE_MALFORMED') => {
    const { gpg, read } = await seen(await attack());
    expect(gpg).toContain('Good signature');
    expect(await catchFailure(read())).toMatchObject({ code });
  });
});

test.each([
  ['two clear-signed messages', async () => (await clearSigned(entry)) + (await clearSigned(forged))],
  [
    'UTF-16 lines before an ASCII message',
    async () =>
      Buffer.concat([Buffer.from(`\ufeff${forged}`, 'utf16le'), Buffer.from(await clearSigned(entry))]),
  ],
  [
    'a byte order mark, behind which gpg sees a signature of another file',
    async () => `\ufeff${await clearSigned(entry)}`,
  ],
])('refused too: %s', async (_, content) => {
  const { read } = await seen(await content());
  await catchFailure(read());
});
