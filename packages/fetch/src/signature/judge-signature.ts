import type { Key, SignaturePacket } from 'openpgp';
import type { FetchErrorCode } from '../errors.ts';
import { dayOf } from './day.ts';
import { fingerprintOf, type Keyring } from './keyring.ts';

/** Whose signature it is. */
export interface Signer {
  /** Of the primary key: 40 or 64 capital hex digits. */
  readonly fingerprint: string;
  /** The first name on the key, such as `Fedora (43) <fedora-43-primary@fedoraproject.org>`; anything may be in it. */
  readonly userId?: string;
}

/** What a signature is of. A stream is read once, so each signature asks for one of its own. */
export type SignedBytes = () => Uint8Array | ReadableStream<Uint8Array>;

export type Verdict =
  | { readonly signer: Signer }
  | { readonly code: FetchErrorCode; readonly why: string; readonly keyId: string };

export interface Case {
  readonly packet: SignaturePacket;
  readonly keyring: Keyring;
  readonly bytes: SignedBytes;
  /** A clear-signed text has a signature of a text, with any line ends; another is of bytes, or of a text. */
  readonly isText: boolean;
  readonly now: Date;
}

type Problem = readonly [code: FetchErrorCode, why: string];

/** RFC 9580 §9.1, §9.5 */
const publicKeyAlgorithms = { elgamal: 16, dsa: 17, elgamalSign: 20 };
const weakHashes: Readonly<Record<number, string>> = { 1: 'MD5', 2: 'SHA-1', 3: 'RIPEMD-160' };
const weakAlgorithms: ReadonlySet<number> = new Set(Object.values(publicKeyAlgorithms));
const minRsaBits = 2048;

/** RFC 9580 §5.2.1: the others are of keys and names, not of documents. */
const documentTypes = { binary: 0, text: 1 };

/** Clocks differ; a signature from further in the future than this is wrong, or the clock here is. */
const maxClockSkewMs = 24 * 60 * 60 * 1000;

/**
 * Whether a signature counts. It has to be right, by a key that is in the keyring, whose owner says today that it may sign:
 * a key that has expired or was revoked since might have been used by anybody who has found it, with any date.
 */
export async function judgeSignature(one: Case): Promise<Verdict> {
  const { packet, keyring } = one;
  const { issuerKeyID } = packet;
  const keyId = issuerKeyID.toHex().toUpperCase();
  // A key that isn't named would be any key.
  const keys = /^0*$/.test(keyId) ? [] : keyring.keys.filter((key) => key.getKeys(issuerKeyID).length > 0);
  const problems: Problem[] = [];
  for (const key of keys) {
    const problem = await problemOf(one, key);
    if (!problem) return { signer: signerOf(key) };
    problems.push(problem);
  }
  const [code, why] = problems[0] ?? ['SIGNATURE_KEY_UNKNOWN', `key ${keyId} is not in ${keyring.shown}`];
  return { code, why, keyId };
}

function signerOf(key: Key): Signer {
  const [userId] = key.getUserIDs();
  return { fingerprint: fingerprintOf(key), ...(userId !== undefined && { userId }) };
}

async function problemOf(one: Case, key: Key): Promise<Problem | undefined> {
  return (
    typeProblem(one) ??
    weakness(one, key) ??
    (await mathematicalProblem(one, key)) ??
    ageProblem(one) ??
    (await keyProblem(one, key))
  );
}

function typeProblem({ packet: { signatureType: type }, isText }: Case): Problem | undefined {
  if (type === documentTypes.text || (type === documentTypes.binary && !isText)) return undefined;
  return ['SIGNATURE_BAD', 'it is not the signature of a file'];
}

function weakness({ packet }: Case, key: Key): Problem | undefined {
  const hash = weakHashes[packet.hashAlgorithm ?? 0];
  if (hash) return ['SIGNATURE_WEAK', `it uses ${hash}`];
  for (const { keyPacket } of [key, ...key.getSubkeys(packet.issuerKeyID)]) {
    const { bits } = keyPacket.getAlgorithmInfo();
    // What is allowed is the size that the key was asked for: its product may begin with a zero.
    if (bits !== undefined && bits < minRsaBits - 1)
      return ['SIGNATURE_WEAK', `its key has only ${bits} bits`];
    if (weakAlgorithms.has(keyPacket.algorithm ?? 0)) return ['SIGNATURE_WEAK', 'it uses DSA'];
  }
  return undefined;
}

async function mathematicalProblem({ packet, bytes }: Case, key: Key): Promise<Problem | undefined> {
  const { keyPacket } = key.getKeys(packet.issuerKeyID)[0]!;
  // A literal packet, which the library makes of the same, keeps a second copy of a stream in memory.
  const document = { text: null, getBytes: bytes };
  try {
    // The date is judged below.
    await packet.verify(keyPacket, packet.signatureType!, document, null as unknown as Date, true);
    return undefined;
  } catch (error) {
    return ['SIGNATURE_BAD', (error as Error).message];
  }
}

function ageProblem({ packet, now }: Case): Problem | undefined {
  const expires = packet.getExpirationTime();
  if (expires <= now) return ['SIGNATURE_EXPIRED', `it expired on ${dayOf(expires)}`];
  if (packet.created === null || packet.created.getTime() > now.getTime() + maxClockSkewMs)
    return ['SIGNATURE_BAD', 'it was made in the future'];
  return undefined;
}

async function keyProblem({ packet, now }: Case, key: Key): Promise<Problem | undefined> {
  const { issuerKeyID } = packet;
  const fingerprint = fingerprintOf(key);
  const subkeys = key.getSubkeys().filter((subkey) => subkey.getKeyID().equals(issuerKeyID));
  if (await key.isRevoked(undefined, undefined, now))
    return ['SIGNATURE_KEY_REVOKED', `key ${fingerprint} was revoked`];
  for (const subkey of subkeys) {
    const [binding] = subkey.bindingSignatures;
    if (binding && (await subkey.isRevoked(binding, key.keyPacket, now)))
      return ['SIGNATURE_KEY_REVOKED', `subkey ${fingerprintOf(subkey)} of ${fingerprint} was revoked`];
  }
  const ends = [await key.getExpirationTime()];
  for (const subkey of subkeys) ends.push(await subkey.getExpirationTime(now));
  for (const end of ends)
    if (end !== null && end <= now)
      return ['SIGNATURE_KEY_EXPIRED', `key ${fingerprint} expired on ${dayOf(end)}`];
  try {
    // With everything else that makes a key one for signing: its flags, its bindings in both directions.
    const { keyPacket } = await key.getSigningKey(issuerKeyID, now);
    if (packet.created! < keyPacket.created) return ['SIGNATURE_KEY_UNUSABLE', 'it is older than its key'];
    return undefined;
  } catch (error) {
    return ['SIGNATURE_KEY_UNUSABLE', `key ${fingerprint} cannot sign: ${(error as Error).message}`];
  }
}
