import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { ChunkVerifier } from '../service.ts';
import type { Authorization } from './authorization.ts';

/** What a Version 4 signature is taken over, as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names and values in turn, as Node gives them. */
  readonly rawHeaders: readonly string[];
  /** The value of `x-amz-content-sha256`, or the body's SHA-256 in hex where that header is not sent. */
  readonly payloadHash: string;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function isSignatureValid(
  request: SignedRequest,
  { authorization, secretAccessKey }: { authorization: Authorization; secretAccessKey: string },
): boolean {
  const { date, region, service, timestamp, signature } = authorization;
  const stringToSign = [
    'AWS4-HMAC-SHA256',
    timestamp,
    `${date}/${region}/${service}/aws4_request`,
    sha256(canonicalRequest(request, authorization)),
  ].join('\n');
  return sameText(hmac(signingKey(authorization, secretAccessKey), stringToSign).toString('hex'), signature);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html */
export function createChunkVerifier(authorization: Authorization, secretAccessKey: string): ChunkVerifier {
  const { date, region, service, timestamp } = authorization;
  const key = signingKey(authorization, secretAccessKey);
  const scope = `${date}/${region}/${service}/aws4_request`;
  let previous = authorization.signature;
  function advance(lines: readonly string[], signature: string): boolean {
    previous = hmac(key, lines.join('\n')).toString('hex');
    return sameText(previous, signature);
  }
  return {
    chunk: (dataHash, signature) =>
      advance(['AWS4-HMAC-SHA256-PAYLOAD', timestamp, scope, previous, sha256(''), dataHash], signature),
    trailer: (hash, signature) =>
      advance(['AWS4-HMAC-SHA256-TRAILER', timestamp, scope, previous, hash], signature),
  };
}

function canonicalRequest(request: SignedRequest, { signedHeaders, service }: Authorization): string {
  const path = uriEncode(decodeURIComponent(request.path), { keepSlash: true });
  return [
    request.method,
    // S3 alone signs the path as it is; for the rest its encoded form is encoded again.
    service === 's3' ? path : uriEncode(path, { keepSlash: true }),
    canonicalQuery(request.query),
    ...signedHeaders.map((name) => `${name}:${headerValue(request.rawHeaders, name)}`),
    '',
    signedHeaders.join(';'),
    request.payloadHash,
  ].join('\n');
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a, av], [b, bv]) => compare(a, b) || compare(av, bv))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function headerValue(rawHeaders: readonly string[], name: string): string {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name) {
      values.push((rawHeaders[at + 1] ?? '').trim().replace(/ +/g, ' '));
    }
  }
  return values.join(',');
}

function uriEncode(text: string, { keepSlash = false } = {}): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded;
}

/** The last one: it holds for a day, and calls come in series of one service. */
let latest: { readonly of: string; readonly key: KeyObject } | undefined;

function signingKey({ date, region, service }: Authorization, secretAccessKey: string): KeyObject {
  const steps = [date, region, service, 'aws4_request'];
  const of = [secretAccessKey, ...steps].join('\n');
  if (latest?.of !== of) {
    const key = steps.reduce<Buffer>((key, text) => hmac(key, text), Buffer.from(`AWS4${secretAccessKey}`));
    latest = { of, key: createSecretKey(key) };
  }
  return latest.key;
}

function hmac(key: Buffer | KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
