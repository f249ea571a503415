import { printable } from '@ec2-image/redact';
import type { SignaturePacket } from 'openpgp';
import { FetchError, type FetchErrorCode } from '../errors.ts';
import { armoredBlocks, isBinaryPgp } from './armor.ts';
import { judgeSignature, type SignedBytes, type Signer, type Verdict } from './judge-signature.ts';
import type { Keyring } from './keyring.ts';

export interface VerifySignatureOptions {
  /** Armored or binary; several of them in one file are those of several people. */
  readonly signature: Buffer;
  /** Where the signature comes from, as it may be shown. */
  readonly signatureUrl: string;
  /** What is signed, as it may be shown. */
  readonly signed: string;
  readonly bytes: SignedBytes;
  readonly keyring: Keyring;
  /** It is the signature in a clear-signed text. Default: false. */
  readonly isText?: boolean;
  /** Milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number;
}

/** What counts most, where no signature is good. */
const severity: readonly FetchErrorCode[] = [
  'SIGNATURE_BAD',
  'SIGNATURE_KEY_REVOKED',
  'SIGNATURE_KEY_EXPIRED',
  'SIGNATURE_EXPIRED',
  'SIGNATURE_WEAK',
  'SIGNATURE_KEY_UNUSABLE',
  'SIGNATURE_KEY_UNKNOWN',
];

/**
 * Who of the keyring has signed these bytes. One good signature is enough; but none by a key of the keyring may be wrong.
 *
 * @throws FetchError `SIGNATURE_*`
 */
export async function verifySignature(options: VerifySignatureOptions): Promise<Signer> {
  const { signatureUrl, signed, bytes, keyring, isText = false, now = Date.now } = options;
  const packets = await signaturesIn(options);
  const verdicts: Verdict[] = [];
  for (const packet of packets)
    verdicts.push(await judgeSignature({ packet, keyring, bytes, isText, now: new Date(now()) }));
  const failures = verdicts.filter((verdict) => 'code' in verdict);
  const good = verdicts.find((verdict) => 'signer' in verdict);
  const worst = failures.toSorted((a, b) => severity.indexOf(a.code) - severity.indexOf(b.code))[0];
  if (good && worst?.code !== 'SIGNATURE_BAD') return good.signer;
  const { code, why, keyId } = worst!;
  const where = signatureUrl === signed ? '' : ` (${signatureUrl})`;
  const reason = printable(why, { maxLength: 300 });
  throw new FetchError(code, `the signature of ${signed}${where} ${saying[code]}: ${reason}`, {
    hint: hints[code] ?? hints.SIGNATURE_BAD!,
    facts: { signed, signatureUrl, keyId, keyring: keyring.shown },
  });
}

const saying: Partial<Record<FetchErrorCode, string>> = {
  SIGNATURE_BAD: 'is wrong',
  SIGNATURE_EXPIRED: 'has expired',
  SIGNATURE_KEY_EXPIRED: 'is by a key that has expired',
  SIGNATURE_KEY_REVOKED: 'is by a revoked key',
  SIGNATURE_KEY_UNKNOWN: 'is by an unknown key',
  SIGNATURE_KEY_UNUSABLE: 'is by a key that must not be used for it',
  SIGNATURE_WEAK: 'is too weak to prove anything',
};

const hints: Partial<Record<FetchErrorCode, string>> = {
  SIGNATURE_BAD: 'Do not use the file: it is not what the publisher signed. Download it from another source.',
  SIGNATURE_EXPIRED: 'Use a newer release, which the publisher still vouches for.',
  SIGNATURE_KEY_EXPIRED:
    "Get the publisher's current key, which may have been extended, and export it into the keyring.",
  SIGNATURE_KEY_REVOKED: 'Do not use the file. Use a release that is signed with another key.',
  SIGNATURE_KEY_UNKNOWN:
    'Check with the publisher that the key is theirs, and export it into the keyring: gpg --export --armor FINGERPRINT',
  SIGNATURE_KEY_UNUSABLE: "Get the publisher's current key, and export it into the keyring.",
  SIGNATURE_WEAK: 'Use a release with a SHA-256 or SHA-512 signature by a key of at least 2048 bits.',
};

/** @throws FetchError `SIGNATURE_UNREADABLE` */
async function signaturesIn({
  signature,
  signatureUrl,
}: VerifySignatureOptions): Promise<readonly SignaturePacket[]> {
  const unreadable = (why: string, cause?: unknown) =>
    new FetchError('SIGNATURE_UNREADABLE', `${signatureUrl} is not a PGP signature: ${why}`, {
      hint: 'Use the URL of the detached signature itself (.asc, .sig, .gpg or .sign).',
      cause,
      facts: { url: signatureUrl },
    });
  const { readSignature } = await import('openpgp');
  const blocks = isBinaryPgp(signature)
    ? [{ binarySignature: signature }]
    : armoredBlocks(signature.toString('latin1'), 'PGP SIGNATURE').map((armoredSignature) => ({
        armoredSignature,
      }));
  try {
    const read = await Promise.all(
      blocks.map((block) => readSignature(block as { binarySignature: Uint8Array })),
    );
    // What it doesn't know (another version of the format) is in the list, and no signature.
    const packets = read.flatMap(({ packets }) => [...packets].filter((packet) => 'verify' in packet));
    if (packets.length === 0) throw new Error('it contains none');
    if (packets.length > maxSignatures) throw new Error(`it contains more than ${maxSignatures}`);
    return packets;
  } catch (cause) {
    throw unreadable(printable((cause as Error).message, { maxLength: 200 }), cause);
  }
}

/** Each is a pass over what is signed. */
const maxSignatures = 16;
