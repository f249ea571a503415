import { invalidArgument } from '../errors.ts';

/** Continuation tokens are opaque to clients; here they carry the place itself, so none expires. */
export function encodeToken(place: string): string {
  return Buffer.from(`1${place}`).toString('base64');
}

export function decodeToken(token: string | null): string | undefined {
  if (token === null) return undefined;
  const text = Buffer.from(token, 'base64').toString();
  if (!text.startsWith('1') || encodeToken(text.slice(1)) !== token) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return text.slice(1);
}
