import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { AwsCredentialIdentity } from '@smithy/types';

export interface UnsignedRequest {
  readonly method: string;
  /** As it is sent: percent-encoded. */
  readonly path: string;
  /** All of those that are to be signed, names in lower case and in order; without those of the signature itself. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface SigningScope {
  readonly credentials: AwsCredentialIdentity;
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

const algorithm = 'AWS4-HMAC-SHA256';
const unsignedPayload = 'UNSIGNED-PAYLOAD';

/**
 * The headers of a request with its signature, which leaves the body out: PutSnapshotBlock has its checksum in a header
 * that is signed. The key is the same for a day, and kept.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signRequest(
  { method, path, headers }: UnsignedRequest,
  { credentials, region, service, time }: SigningScope,
): Record<string, string> {
  const timestamp = `${new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  const date = timestamp.slice(0, 8);
  const signed: Record<string, string> = {
    ...headers,
    'x-amz-content-sha256': unsignedPayload,
    'x-amz-date': timestamp,
    ...(credentials.sessionToken && { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(signed).sort();
  const canonical = [
    method,
    encodeAgain(path),
    '',
    ...names.map((name) => `${name}:${signed[name]!.trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    unsignedPayload,
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const signature = createHmac('sha256', signingKey(credentials.secretAccessKey, date, region, service))
    .update(`${algorithm}\n${timestamp}\n${scope}\n${digest}`)
    .digest('hex');
  return {
    ...signed,
    authorization: `${algorithm} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/** Of every service but S3, the path that is signed is encoded twice. */
function encodeAgain(path: string): string {
  return encodeURIComponent(path)
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');
}

let latest: { readonly for: string; readonly key: KeyObject } | undefined;

function signingKey(secret: string, ...steps: readonly string[]): KeyObject {
  const wanted = [secret, ...steps].join('\n');
  if (latest?.for !== wanted) {
    const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
    const key = [...steps, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
    latest = { for: wanted, key: createSecretKey(key) };
  }
  return latest.key;
}
