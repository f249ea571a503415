import { createHash } from 'node:crypto';

/** What a token entitles to, in which snapshot. */
export interface TokenClaim {
  readonly kind: 'block' | 'page';
  readonly snapshotId: string;
  readonly index: number;
}

/** Tokens say their index and when they expire, sealed so that one cannot be made up or used elsewhere. */
export function makeToken(claim: TokenClaim, expiresAt: number): string {
  const plain = `${claim.index}.${expiresAt}`;
  return Buffer.from(`${plain}.${seal(claim, plain)}`).toString('base64');
}

/** The index, or undefined for a token that is not this snapshot's, not of this kind, or out of date. */
export function readToken(
  token: string,
  { kind, snapshotId }: Omit<TokenClaim, 'index'>,
  now: number,
): number | undefined {
  const [index = '', expiresAt = '', sealed] = Buffer.from(token, 'base64').toString('latin1').split('.');
  const claim = { kind, snapshotId, index: Number(index) };
  if (sealed !== seal(claim, `${index}.${expiresAt}`) || Number(expiresAt) <= now) return undefined;
  return claim.index;
}

function seal({ kind, snapshotId }: TokenClaim, plain: string): string {
  return createHash('sha256').update(`${kind} ${snapshotId} ${plain}`).digest('base64url').slice(0, 22);
}
