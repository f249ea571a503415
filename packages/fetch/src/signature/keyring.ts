import { readFile, stat } from 'node:fs/promises';
import { printable } from '@ec2-image/redact';
import type { Key } from 'openpgp';
import { FetchError } from '../errors.ts';
import { formatBytes } from '../format-bytes.ts';
import { armoredBlocks, isBinaryPgp } from './armor.ts';

/** The public keys whose signatures count. */
export interface Keyring {
  /** The file, as it may be shown. */
  readonly shown: string;
  /** Of the primary keys: 40 or 64 capital hex digits each. */
  readonly fingerprints: readonly string[];
  readonly keys: readonly Key[];
}

/** Debian's keyring of all its developers has 30 MB; no publisher signs with so many keys. */
const maxKeyringBytes = 16 * 2 ** 20;

/**
 * The public keys in a file, as `gpg --export` writes them: binary, or armored, in one block or in several.
 *
 * @throws FetchError `KEYRING_UNREADABLE`, `KEYRING_EMPTY`
 */
export async function readKeyring({ path }: { readonly path: string }): Promise<Keyring> {
  const shown = printable(path, { maxLength: 400 });
  const content = await readContent({ path, shown });
  const keys = await keysIn(content, shown);
  if (keys.length === 0)
    throw new FetchError('KEYRING_EMPTY', `the keyring ${shown} contains no public key`, {
      hint: 'Export the key of the publisher into it: gpg --export --armor FINGERPRINT',
      facts: { path: shown },
    });
  if (keys.some((key) => key.isPrivate())) throw unreadable(shown, 'it contains a private key');
  const fingerprints = [...new Set(keys.map(fingerprintOf))];
  return { shown, fingerprints, keys };
}

/** As gpg shows it, without blanks. */
export function fingerprintOf(key: Pick<Key, 'getFingerprint'>): string {
  return key.getFingerprint().toUpperCase();
}

async function readContent({
  path,
  shown,
}: {
  readonly path: string;
  readonly shown: string;
}): Promise<Buffer> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw unreadable(shown, 'it is not a regular file');
    if (stats.size > maxKeyringBytes)
      throw unreadable(shown, `it is larger than ${formatBytes(maxKeyringBytes)}`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof FetchError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw unreadable(shown, code === 'ENOENT' ? 'no such file' : (code ?? message), cause);
  }
}

/** What gpg keeps its own keys in (`pubring.kbx`) is not an export of them. */
const keyboxMagic = 'KBXf';

async function keysIn(content: Buffer, shown: string): Promise<readonly Key[]> {
  if (content.subarray(8, 12).toString('latin1') === keyboxMagic)
    throw unreadable(shown, "it is a keybox, which is gpg's own store");
  // Loaded only where there is a keyring: it is large.
  const { readKeys } = await import('openpgp');
  try {
    if (isBinaryPgp(content)) return await readKeys({ binaryKeys: content });
    const text = content.toString('latin1');
    if (text.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----'))
      throw unreadable(shown, 'it contains a private key');
    const blocks = armoredBlocks(text, 'PGP PUBLIC KEY BLOCK');
    if (blocks.length === 0 && text.trim() !== '') throw unreadable(shown, 'it is not a file of PGP keys');
    const keys = await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys })));
    return keys.flat();
  } catch (cause) {
    if (cause instanceof FetchError) throw cause;
    const { message } = cause as Error;
    if (message === 'No key packet found') return [];
    throw unreadable(shown, printable(message, { maxLength: 200 }), cause);
  }
}

function unreadable(shown: string, why: string, cause?: unknown): FetchError {
  return new FetchError('KEYRING_UNREADABLE', `cannot read the keyring ${shown}: ${why}`, {
    hint: 'Give a file of public keys, as gpg --export writes it.',
    cause,
    facts: { path: shown },
  });
}
