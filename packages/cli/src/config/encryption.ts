import type { KmsKeySetting } from '../options/kinds/kms-key.ts';
import { label, located, type Origin } from './origin.ts';

export interface RequestedEncryption {
  /** Undefined: the account's default key for EBS. */
  readonly kmsKey?: KmsKeySetting;
}

/**
 * A key alone asks for nothing: AWS refuses it too. `encrypt: false` puts aside what holds for other images.
 *
 * @throws UsageError `KMS_KEY_WITHOUT_ENCRYPT`
 */
export function encryptionOf(
  { encrypt, kmsKey }: { readonly encrypt?: boolean; readonly kmsKey?: KmsKeySetting },
  origin: Origin,
): RequestedEncryption | undefined {
  if (encrypt) return { kmsKey };
  if (encrypt === undefined && kmsKey !== undefined) {
    throw located('KMS_KEY_WITHOUT_ENCRYPT', `${label(origin)}kms-key is given without encrypt`, origin, {
      hint: 'Give encrypt (--encrypt) as well, or leave kms-key out.',
    });
  }
  return undefined;
}
