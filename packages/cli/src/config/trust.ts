import type { Keyring } from '@ec2-image/fetch';
import { UsageError } from '../errors/cli-error.ts';
import type { ImageSettings } from '../options/table.ts';
import type { PublishedChecksum } from './checksum.ts';
import { label, located, type Origin } from './origin.ts';

/** Whose signatures count, as it was given. */
export interface TrustSettings {
  readonly keyring: string;
  /** Of a detached signature. */
  readonly signatureUrl?: string;
}

/** The same once the keyring was read. */
export interface Trust {
  readonly keyring: Keyring;
  readonly signatureUrl?: string;
  /** What the detached signature is of, if there is one. */
  readonly signs?: 'image' | 'checksum';
}

/** @throws UsageError `KEYRING_MISSING` */
export function trustOf(
  { keyring, 'signature-url': signatureUrl }: Pick<ImageSettings, 'keyring' | 'signature-url'>,
  origin: Origin = {},
): TrustSettings | undefined {
  if (keyring !== undefined) return { keyring, signatureUrl };
  if (signatureUrl === undefined) return undefined;
  throw located('KEYRING_MISSING', `${label(origin)}signature-url requires keyring`, origin, {
    hint: "Give a file of the publisher's public keys with --keyring.",
  });
}

/**
 * Reads the keyring, before anything is fetched.
 *
 * @throws UsageError `KEYRING_EMPTY`, `KEYRING_UNREADABLE`, `SIGNATURE_OF_ANOTHER_FILE`
 */
export async function openTrust({
  trust: settings,
  urls: imageUrl,
  checksum,
}: {
  readonly trust?: TrustSettings;
  /** Undefined where the image has yet to be found: then only the keyring is read. */
  readonly urls?: readonly string[];
  readonly checksum?: PublishedChecksum;
}): Promise<Trust | undefined> {
  if (!settings) return undefined;
  // Loaded only where a command line is complete.
  const { FetchError, readKeyring, signedFile } = await import('@ec2-image/fetch');
  const { keyring: path, signatureUrl } = settings;
  const checksumUrl = checksum && 'url' in checksum ? checksum.url : undefined;
  try {
    return {
      keyring: await readKeyring({ path }),
      ...(signatureUrl !== undefined &&
        imageUrl && {
          signatureUrl,
          signs: signedFile({ signatureUrl, imageUrl, checksumUrl }),
        }),
    };
  } catch (cause) {
    if (!(cause instanceof FetchError)) throw cause;
    const { code, message, hint, facts } = cause;
    throw new UsageError(code, message, { hint, facts, cause });
  }
}
