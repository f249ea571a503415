import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchImage, readChecksum, readKeyring, type Trust, verifyImageSignature } from '@ec2-image/fetch';
import { type Gpg, type GpgKey, openGpg } from '@ec2-image/sample-image';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catchFailure, digestOfBytes, temporaryDirectory } from './support/work.ts';

const fileName = 'disk.qcow2';
const content = Buffer.alloc(3 * 2 ** 20, 'a disk image\r\n');
const digest = digestOfBytes(content);
const checksumFile = `# ${fileName}: ${content.length} bytes\nSHA256 (${fileName}) = ${digest.slice(7)}\n`;

/** What gpg makes once for all tests: keys take their time. */
let gpg: Gpg;
let keys: Record<'ed25519' | 'rsa' | 'stranger' | 'old' | 'weak' | 'certifying', GpgKey>;
beforeAll(async () => {
  gpg = await openGpg();
  const longAgo = '20200101T000000';
  keys = {
    ed25519: await gpg.makeKey('ed25519'),
    rsa: await gpg.makeKey('rsa2048'),
    stranger: await gpg.makeKey('ed25519'),
    old: await gpg.makeKey('ed25519', { at: longAgo, expires: '1y' }),
    weak: await gpg.makeKey('rsa1024'),
    certifying: await gpg.makeKey('ed25519', { usage: 'cert' }),
  };
}, 60_000);
afterAll(() => gpg[Symbol.asyncDispose]());

/** A publisher's directory, and what the tool makes of it. */
async function published(files: Readonly<Record<string, string | Buffer>>) {
  const directory = await temporaryDirectory();
  const at = (name: string) => join(directory, name);
  for (const [name, bytes] of Object.entries({ [fileName]: content, ...files }))
    await writeFile(at(name), bytes);
  return {
    at,
    trusting: async (who: readonly GpgKey[], signature?: string): Promise<Trust> => ({
      keyring: await readKeyring({ path: await gpg.exportKeys(who) }),
      ...(signature !== undefined && { signatureUrl: at(signature) }),
    }),
    checksum: (trust: Trust, options: { now?: () => number } = {}) =>
      readChecksum({ url: at('CHECKSUM'), imageUrl: at(fileName), trust, ...options }),
    async signer(trust: Trust) {
      const image = await fetchImage({ url: at(fileName), digest, directory });
      return verifyImageSignature({ image, trust });
    },
  };
}

/** The three places where a publisher signs, each by how it is made and how it is found. */
const places = {
  'in a clear-signed checksum file': async (
    key: string | GpgKey,
    how: readonly string[] = [],
    by = [key],
  ) => {
    const CHECKSUM = await gpg.sign(key, checksumFile, [...how, '--clear-sign']);
    const site = await published({ CHECKSUM });
    return async () => (await site.checksum(await site.trusting(by as GpgKey[]))).signer;
  },
  'beside a checksum file': async (key: string | GpgKey, how: readonly string[] = [], by = [key]) => {
    const signature = await gpg.sign(key, checksumFile, [...how, '--armor', '--detach-sign']);
    const site = await published({ CHECKSUM: checksumFile, 'CHECKSUM.asc': signature });
    return async () => (await site.checksum(await site.trusting(by as GpgKey[], 'CHECKSUM.asc'))).signer;
  },
  'beside the image': async (key: string | GpgKey, how: readonly string[] = [], by = [key]) => {
    const signature = await gpg.sign(key, content, [...how, '--detach-sign']);
    const site = await published({ [`${fileName}.sig`]: signature });
    return async () => site.signer(await site.trusting(by as GpgKey[], `${fileName}.sig`));
  },
};

describe.each(Object.entries(places))('a signature %s', (_, sign) => {
  test.each(['ed25519', 'rsa'] as const)('of %s is good, and its signer is told', async (name) => {
    const verify = await sign(keys[name]);
    expect(await verify()).toMatchObject({
      fingerprint: keys[name].fingerprint,
      userId: expect.stringContaining('Publisher'),
    });
  });

  test('by a subkey is that of its primary key', async () => {
    const key = await gpg.makeKey('ed25519', { usage: 'cert' });
    await gpg.gpg('--quick-add-key', key.fingerprint, 'ed25519', 'sign', 'never');
    const verify = await sign(key);
    expect(await verify()).toMatchObject({ fingerprint: key.fingerprint });
  });

  test('by a key that is not in the keyring', async () => {
    const verify = await sign(keys.stranger, [], [keys.rsa]);
    expect(await catchFailure(verify())).toMatchObject({ code: 'SIGNATURE_KEY_UNKNOWN' });
  });

  test('that has expired', async () => {
    const key = await gpg.makeKey('ed25519', { at: '20200101T000000' });
    const verify = await sign(key, ['--faked-system-time', '20200102T000000', '--default-sig-expire', '1d']);
    expect(await catchFailure(verify())).toMatchObject({ code: 'SIGNATURE_EXPIRED' });
  });

  test('by a key that has expired since', async () => {
    const verify = await sign(keys.old, ['--faked-system-time', '20200102T000000']);
    const failure = await catchFailure(verify());
    expect(failure).toMatchObject({
      code: 'SIGNATURE_KEY_EXPIRED',
      message: expect.stringContaining('2020-12-31'),
    });
  });

  test('by a subkey that has expired since', async () => {
    const at = (day: string) => ['--faked-system-time', `${day}T000000`];
    const key = await gpg.makeKey('ed25519', { usage: 'cert', at: '20200101T000000' });
    await gpg.gpg(...at('20200102'), '--quick-add-key', key.fingerprint, 'ed25519', 'sign', '1y');
    // A day later: gpg's faked clock runs, and a key that took it a second would be younger than its signature.
    const verify = await sign(key, at('20200103'));
    expect(await catchFailure(verify())).toMatchObject({ code: 'SIGNATURE_KEY_EXPIRED' });
  });

  test.each(['key', 'subkey'])('by a %s that was revoked since', async (what) => {
    const key = await gpg.makeKey('ed25519', { usage: what === 'key' ? 'sign' : 'cert' });
    if (what === 'subkey') await gpg.gpg('--quick-add-key', key.fingerprint, 'ed25519', 'sign', 'never');
    const verify = await sign(key);
    if (what === 'key') await revoke(key);
    else await revokeSubkey(key);
    expect(await catchFailure(verify())).toMatchObject({ code: 'SIGNATURE_KEY_REVOKED' });
  });

  test.each([
    ['SHA-1', ['--digest-algo', 'SHA1', '--allow-weak-digest-algos']],
    ['MD5', ['--digest-algo', 'MD5', '--allow-weak-digest-algos']],
  ])('over %s is weak', async (_, how) => {
    const verify = await sign(keys.rsa, how);
    expect(await catchFailure(verify())).toMatchObject({ code: 'SIGNATURE_WEAK' });
  });

  test('by a key of 1024 bits is weak', async () => {
    const verify = await sign(keys.weak);
    expect(await catchFailure(verify())).toMatchObject({ code: 'SIGNATURE_WEAK' });
  });
});

/** gpg makes a certificate of revocation with every key, with a colon in front against mistakes. */
async function revoke({ fingerprint }: GpgKey): Promise<void> {
  const path = join(gpg.directory, 'openpgp-revocs.d', `${fingerprint}.rev`);
  await writeFile(path, (await readFile(path, 'utf8')).replace(':-----', '-----'));
  await gpg.gpg('--import', path);
}

async function revokeSubkey({ fingerprint }: GpgKey): Promise<void> {
  const commands = join(gpg.directory, 'revoke-subkey');
  await writeFile(commands, ['key 1', 'revkey', 'y', '0', '', 'y', 'save', ''].join('\n'));
  await gpg.gpg('--command-file', commands, '--no-tty', '--edit-key', fingerprint);
}

describe('a signature is wrong', () => {
  test.each([
    ['a digit', (text: string) => text.replace(digest.slice(7), digestOfBytes('forged').slice(7))],
    [
      'an added entry',
      (text: string) => text.replace('SHA256 (', `SHA256 (x) = ${digest.slice(7)}\nSHA256 (`),
    ],
    ['a changed name', (text: string) => text.replace(`(${fileName})`, '(other.qcow2)')],
    ['another text under it', (text: string) => text.replace(/# .*\n/, '')],
  ])('in a clear-signed checksum file: %s', async (_, forge) => {
    const genuine = (await gpg.sign(keys.rsa, checksumFile, ['--clear-sign'])).toString();
    const forged = forge(genuine);
    expect(forged).not.toBe(genuine);
    const site = await published({ CHECKSUM: forged });
    expect(await catchFailure(site.checksum(await site.trusting([keys.rsa])))).toMatchObject({
      code: 'SIGNATURE_BAD',
    });
  });

  test('beside a checksum file, of another version of it', async () => {
    const signature = await gpg.sign(keys.ed25519, 'before', ['--detach-sign']);
    const site = await published({ CHECKSUM: checksumFile, 'CHECKSUM.gpg': signature });
    const trust = await site.trusting([keys.ed25519], 'CHECKSUM.gpg');
    expect(await catchFailure(site.checksum(trust))).toMatchObject({ code: 'SIGNATURE_BAD' });
  });

  test('beside an image, of another image', async () => {
    const signature = await gpg.sign(keys.ed25519, Buffer.concat([content, content]), ['--detach-sign']);
    const site = await published({ 'disk.qcow2.sig': signature });
    const trust = await site.trusting([keys.ed25519], 'disk.qcow2.sig');
    expect(await catchFailure(site.signer(trust))).toMatchObject({ code: 'SIGNATURE_BAD' });
  });

  test('in a clear-signed checksum file, while that beside the image is good', async () => {
    const genuine = (await gpg.sign(keys.rsa, checksumFile, ['--clear-sign'])).toString();
    const signature = await gpg.sign(keys.rsa, content, ['--detach-sign']);
    const site = await published({ CHECKSUM: genuine.replace('# ', '#  '), 'disk.qcow2.sig': signature });
    const trust = await site.trusting([keys.rsa], 'disk.qcow2.sig');
    expect(await catchFailure(site.checksum(trust))).toMatchObject({ code: 'SIGNATURE_BAD' });
  });

  test('as it is of a key and not of a file', async () => {
    // The self-signature of a key, which gpg made for something else.
    const exported = await readFile(await gpg.exportKeys([keys.rsa], { armor: false }));
    const packets = await gpg.gpg('--list-packets', await gpg.exportKeys([keys.rsa], { armor: false }));
    const at = Number(/# off=(\d+) ctb=89 tag=2/.exec(packets)![1]);
    const site = await published({ CHECKSUM: checksumFile, 'CHECKSUM.sig': exported.subarray(at) });
    const trust = await site.trusting([keys.rsa], 'CHECKSUM.sig');
    expect(await catchFailure(site.checksum(trust))).toMatchObject({ code: 'SIGNATURE_BAD' });
  });
});

test('a key that may only certify does not sign files', async () => {
  // gpg refuses to: the signature is made while the key may sign, and the flag goes afterwards.
  const key = await gpg.makeKey('ed25519');
  const CHECKSUM = await gpg.sign(key, checksumFile, ['--clear-sign']);
  const commands = join(gpg.directory, 'change-usage');
  await writeFile(commands, ['change-usage', 's', 'q', 'save', ''].join('\n'));
  await gpg.gpg('--command-file', commands, '--no-tty', '--edit-key', key.fingerprint);
  const site = await published({ CHECKSUM });
  const failure = await catchFailure(site.checksum(await site.trusting([key])));
  expect(failure).toMatchObject({ code: 'SIGNATURE_KEY_UNUSABLE' });
});

test('one good signature of several is enough, by whichever key', async () => {
  const both = ['--local-user', keys.stranger.fingerprint, '--detach-sign'];
  const site = await published({ 'disk.qcow2.sig': await gpg.sign(keys.rsa, content, both) });
  for (const key of [keys.rsa, keys.stranger]) {
    const trust = await site.trusting([keys.ed25519, key], 'disk.qcow2.sig');
    expect(await site.signer(trust)).toMatchObject({ fingerprint: key.fingerprint });
  }
});

test('blanks and line ends of a clear-signed text are as gpg signs them', async () => {
  const text = `${checksumFile.replaceAll('\n', ' \t\r\n')}- a dash\n-----\nmüßig\n`;
  const site = await published({ CHECKSUM: await gpg.sign(keys.rsa, text, ['--clear-sign']) });
  expect(await site.checksum(await site.trusting([keys.rsa]))).toMatchObject({
    digest,
    signer: { fingerprint: keys.rsa.fingerprint },
  });
});

test('a text signature beside a checksum file is taken as gpg takes it', async () => {
  const signature = await gpg.sign(keys.rsa, checksumFile, ['--textmode', '--armor', '--detach-sign']);
  const site = await published({ CHECKSUM: checksumFile, 'CHECKSUM.sign': signature });
  const trust = await site.trusting([keys.rsa], 'CHECKSUM.sign');
  expect(await site.checksum(trust)).toMatchObject({ signer: { fingerprint: keys.rsa.fingerprint } });
});

describe('which file a detached signature is of', () => {
  test('neither by its name', async () => {
    const site = await published({ CHECKSUM: checksumFile, 'other.sig': 'x' });
    const failure = await catchFailure(site.checksum(await site.trusting([keys.rsa], 'other.sig')));
    expect(failure).toMatchObject({ code: 'SIGNATURE_OF_ANOTHER_FILE' });
  });

  test('the image by its name: then the checksum file needs no signature', async () => {
    const site = await published({ CHECKSUM: checksumFile });
    const read = await site.checksum(await site.trusting([keys.rsa], 'disk.qcow2.sig'));
    expect(read).toEqual({ digest, url: site.at('CHECKSUM') });
  });
});

test.each([
  ['nothing is signed', { CHECKSUM: checksumFile }, undefined, 'SIGNATURE_MISSING'],
  ['there is no such signature', { CHECKSUM: checksumFile }, 'CHECKSUM.sig', 'LOCAL_FILE_UNREADABLE'],
  [
    'it is a web page',
    { CHECKSUM: checksumFile, 'CHECKSUM.sig': '<html>' },
    'CHECKSUM.sig',
    'SIGNATURE_UNREADABLE',
  ],
  ['it is empty', { CHECKSUM: checksumFile, 'CHECKSUM.sig': '' }, 'CHECKSUM.sig', 'SIGNATURE_UNREADABLE'],
  [
    'it is noise',
    { CHECKSUM: checksumFile, 'CHECKSUM.sig': Buffer.alloc(99, 0x99) },
    'CHECKSUM.sig',
    'SIGNATURE_UNREADABLE',
  ],
] as const)('no digest is believed where %s', async (_, files, signature, code) => {
  const site = await published(files);
  expect(await catchFailure(site.checksum(await site.trusting([keys.rsa], signature)))).toMatchObject({
    code,
  });
});

describe('a keyring', () => {
  test.each([true, false])('as gpg exports it, armored: %s', async (armor) => {
    const path = await gpg.exportKeys([keys.ed25519, keys.rsa], { armor });
    const { fingerprints } = await readKeyring({ path });
    expect(new Set(fingerprints)).toEqual(new Set([keys.ed25519.fingerprint, keys.rsa.fingerprint]));
  });

  test('of several armored blocks, with text between them', async () => {
    const blocks = await Promise.all(
      [keys.ed25519, keys.rsa].map(async (key) => readFile(await gpg.exportKeys([key]), 'utf8')),
    );
    const path = join(await temporaryDirectory(), 'keyring.asc');
    await writeFile(path, `Fedora:\r\n${blocks.join('\nDebian:\n').replaceAll('\n', '\r\n')}`);
    expect(await readKeyring({ path })).toMatchObject({
      fingerprints: [keys.ed25519.fingerprint, keys.rsa.fingerprint],
    });
  });

  const secret = async (armor: readonly string[]) => {
    const path = join(gpg.directory, `secret${armor.length}`);
    await gpg.gpg(...armor, '--output', path, '--export-secret-keys', keys.rsa.fingerprint);
    return path;
  };
  test.each<[string, string, () => Promise<string>]>([
    ['that does not exist', 'KEYRING_UNREADABLE', async () => '/no/such/keyring'],
    ['that is a directory', 'KEYRING_UNREADABLE', async () => gpg.directory],
    ['that is a keybox', 'KEYRING_UNREADABLE', async () => join(gpg.directory, 'pubring.kbx')],
    ['with a private key', 'KEYRING_UNREADABLE', () => secret([])],
    ['with an armored private key', 'KEYRING_UNREADABLE', () => secret(['--armor'])],
    ['that is empty', 'KEYRING_EMPTY', () => written('')],
    ['that is a text', 'KEYRING_UNREADABLE', () => written('a text')],
    ['that was cut', 'KEYRING_UNREADABLE', async () => written((await binary()).subarray(0, -9))],
    [
      'without any key',
      'KEYRING_EMPTY',
      async () => written(await gpg.sign(keys.rsa, 'x', ['--detach-sign'])),
    ],
  ])('%s is refused', async (_, code, path) => {
    expect(await catchFailure(readKeyring({ path: await path() }))).toMatchObject({ code });
  });
});

async function binary(): Promise<Buffer> {
  return readFile(await gpg.exportKeys([keys.rsa], { armor: false }));
}

async function written(bytes: string | Buffer): Promise<string> {
  const path = join(await temporaryDirectory(), 'keyring');
  await writeFile(path, bytes);
  return path;
}
