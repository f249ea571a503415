import type { CodeTable } from './code-entry.ts';

/** Keyrings and PGP signatures. */
export const signatureCodes = {
  KEYRING_EMPTY: {
    means: 'The keyring contains no public key.',
    remedy: "Export the publisher's key into it: `gpg --export --armor FINGERPRINT`.",
  },
  KEYRING_MISSING: {
    means: 'signature-url is given, and no keyring whose keys its signature could be checked with.',
    remedy: "Give a file of the publisher's public keys with --keyring.",
  },
  KEYRING_UNREADABLE: {
    means: 'The keyring cannot be read.',
    remedy: 'Give a file of public keys, as `gpg --export` writes it, armored or binary.',
  },
  SIGNATURE_BAD: {
    means: 'The signature is not one of this file by the key that it names.',
    remedy: 'Do not use the file: it is not what the publisher signed. Download it from another source.',
  },
  SIGNATURE_EXPIRED: {
    means: 'The signature was made to count until a day that has passed.',
    remedy: 'Use a newer release, which the publisher still vouches for.',
  },
  SIGNATURE_KEY_EXPIRED: {
    means: 'The key that signed has expired.',
    remedy: "Get the publisher's current key, which may have been extended, and export it into the keyring.",
  },
  SIGNATURE_KEY_REVOKED: {
    means: 'The key that signed was revoked.',
    remedy: 'Do not use the file. Use a release that is signed with another key.',
  },
  SIGNATURE_KEY_UNKNOWN: {
    means: 'The key that signed is not in the keyring.',
    remedy: 'Check with the publisher that the key is theirs, and export it into the keyring.',
  },
  SIGNATURE_KEY_UNUSABLE: {
    means: 'The key that signed must not be used for signatures, as its own record says.',
    remedy: "Get the publisher's current key, and export it into the keyring.",
  },
  SIGNATURE_MISSING: {
    means: 'A keyring is given, and nothing is signed: neither the checksum file nor the image.',
    remedy:
      'Give the URL of the detached signature with --signature-url, or that of a signed checksum file with --checksum-url.',
  },
  SIGNATURE_OF_ANOTHER_FILE: {
    means: 'By its name, the detached signature is neither that of the image nor that of the checksum file.',
    remedy: 'Give the signature that is named after one of them, with .asc, .sig, .gpg or .sign at its end.',
  },
  SIGNATURE_UNREADABLE: {
    means: 'The signature is not a detached PGP signature.',
    remedy: 'Use the URL of the signature itself, which ends in .asc, .sig, .gpg or .sign.',
  },
  SIGNATURE_WEAK: {
    means: 'The signature uses MD5, SHA-1, DSA or a key of fewer than 2048 bits, and can be forged.',
    remedy: 'Use a release with a SHA-256 or SHA-512 signature by a key of at least 2048 bits.',
  },
} as const satisfies CodeTable;
