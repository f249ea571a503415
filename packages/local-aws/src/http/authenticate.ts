import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { faultError } from '../faults/presets.ts';
import type { KnownCredentials } from '../known-credentials.ts';
import { type Payload, readPayload } from '../payload.ts';
import { optInRegions } from '../region-names.ts';
import { type ChunkVerifier, ServiceError, type ServiceName } from '../service.ts';
import type { Authorization, ReadAuthorization } from './authorization.ts';
import { refusal } from './refusal.ts';
import { refuseSkewed } from './refuse-skewed.ts';
import { createChunkVerifier, isSignatureValid } from './signature.ts';

/** Whose secret is known, with what else goes with the credentials of a session. */
export type FindCredentials = (accessKeyId: string) =>
  | (KnownCredentials & {
      readonly sessionToken?: string;
      /** Milliseconds since 1970. */
      readonly expiresAt?: number;
    })
  | undefined;

export interface Caller {
  readonly region: string;
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly chunkVerifier?: ChunkVerifier;
  /** The body, where it had to be read to verify the signature. */
  readonly payload?: Payload;
}

interface UnverifiedRequest {
  readonly service: ServiceName;
  readonly message: IncomingMessage;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: () => Readable;
}

/** Refuses what the service would refuse: no credentials, malformed ones, a clock that is wrong, an expired URL, a wrong signature. */
export async function authenticate(
  request: UnverifiedRequest,
  {
    read,
    accountId,
    findCredentials,
    optedIn,
    now,
  }: {
    read: ReadAuthorization;
    accountId: string;
    findCredentials: FindCredentials;
    /** Regions that are not every account's and that this one has. */
    optedIn: ReadonlySet<string>;
    /** The service's time, in milliseconds since 1970. */
    now: number;
  },
): Promise<Caller> {
  if (read.kind === 'anonymous') throw refusal('anonymous', request.service);
  if (read.kind === 'malformed') throw refusal('malformed', request.service, read);
  const { authorization } = read;
  refuseSkewed(authorization, { service: request.service, now });
  const credentials = findCredentials(authorization.accessKeyId);
  const caller = {
    region: authorization.region,
    accountId: credentials?.accountId ?? accountId,
    accessKeyId: authorization.accessKeyId,
  };
  if (optInRegions.includes(caller.region) && !optedIn.has(caller.region)) {
    // A region that is not enabled knows nobody's credentials.
    throw faultError({ kind: 'error', preset: 'unknown-key' }, request.service);
  }
  if (!credentials) return caller;
  checkSession(request, credentials, now);

  const { secretAccessKey } = credentials;
  const { payloadHash, payload } = await readPayloadHash(request, authorization);
  const { method = 'GET', rawHeaders } = request.message;
  const { path, query } = request;
  if (
    !isSignatureValid({ method, path, query, rawHeaders, payloadHash }, { authorization, secretAccessKey })
  ) {
    throw refusal('signature', request.service);
  }
  return {
    ...caller,
    ...(payload && { payload }),
    ...(payloadHash.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD') && {
      chunkVerifier: createChunkVerifier(authorization, secretAccessKey),
    }),
  };
}

/** The credentials of a session count with its token alone, and for its time. */
function checkSession(
  { service, message, query }: UnverifiedRequest,
  { sessionToken, expiresAt }: NonNullable<ReturnType<FindCredentials>>,
  now: number,
): void {
  if (sessionToken === undefined) return;
  const sent = message.headers['x-amz-security-token'] ?? query.get('X-Amz-Security-Token');
  if (sent !== sessionToken) throw faultError({ kind: 'error', preset: 'invalid-token' }, service);
  if (expiresAt !== undefined && expiresAt <= now) {
    throw faultError({ kind: 'error', preset: 'expired-token' }, service);
  }
}

const payloadLimitBytes = 16 * 1024 * 1024;

/**
 * S3 always says what it signed, and checks the body against it while storing it. Elsewhere the body is small and is
 * hashed here: the signature covers its hash, said or not.
 */
async function readPayloadHash(
  { service, message, body }: UnverifiedRequest,
  { expiresSeconds }: Authorization,
): Promise<{ payloadHash: string; payload?: Payload }> {
  const said = message.headers['x-amz-content-sha256'];
  if (service === 's3') {
    if (typeof said === 'string') return { payloadHash: said };
    if (expiresSeconds !== undefined) return { payloadHash: 'UNSIGNED-PAYLOAD' };
    throw new ServiceError(
      400,
      'InvalidRequest',
      'Missing required header for this request: x-amz-content-sha256',
    );
  }
  if (said === 'UNSIGNED-PAYLOAD') return { payloadHash: said };
  const payload = await readPayload(body(), payloadLimitBytes);
  if (!payload) throw new ServiceError(413, 'RequestEntityTooLarge', 'The body is too long.');
  return { payloadHash: payload.sha256.toString('hex'), payload };
}
