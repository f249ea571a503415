import type { Key } from 'openpgp';
import { dayOf } from './day.ts';
import { fingerprintOf, type Keyring } from './keyring.ts';

/** A key that no signature of today counts of. */
export interface UnusableKey {
  readonly fingerprint: string;
  /** `was revoked`, `expired on 2026-01-31`. */
  readonly why: string;
}

/** Those keys of a keyring whose signatures are refused, whatever they sign. */
export async function unusableKeys(
  { keys }: Keyring,
  { now = new Date() }: { readonly now?: Date } = {},
): Promise<UnusableKey[]> {
  const found = await Promise.all(
    keys.map(async (key) => ({ fingerprint: fingerprintOf(key), why: await whyUnusable(key, now) })),
  );
  return found.flatMap(({ fingerprint, why }) => (why === undefined ? [] : { fingerprint, why }));
}

async function whyUnusable(key: Key, now: Date): Promise<string | undefined> {
  if (await key.isRevoked(undefined, undefined, now)) return 'was revoked';
  const end = await key.getExpirationTime();
  if (end !== null && end <= now) return `expired on ${dayOf(end)}`;
  return key.getSigningKey(undefined, now).then(
    () => undefined,
    (error: Error) => `cannot sign: ${error.message}`,
  );
}
