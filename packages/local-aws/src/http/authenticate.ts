import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { KnownCredentials } from '../known-credentials.ts';
import { type ChunkVerifier, ServiceError, type ServiceName } from '../service.ts';
import type { Authorization, ReadAuthorization } from './authorization.ts';
import { refusal } from './refusal.ts';
import { refuseSkewed } from './refuse-skewed.ts';
import { createChunkVerifier, isSignatureValid } from './signature.ts';

export interface Caller {
  readonly region: string;
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly chunkVerifier?: ChunkVerifier;
  /** In place of the request's own, where that had to be read to verify it. */
  readonly body?: Readable;
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
    known,
    now,
  }: {
    read: ReadAuthorization;
    accountId: string;
    known: readonly KnownCredentials[];
    /** The service's time, in milliseconds since 1970. */
    now: number;
  },
): Promise<Caller> {
  if (read.kind === 'anonymous') throw refusal('anonymous', request.service);
  if (read.kind === 'malformed') throw refusal('malformed', request.service, read);
  const { authorization } = read;
  refuseSkewed(authorization, { service: request.service, now });
  const credentials = known.find(({ accessKeyId }) => accessKeyId === authorization.accessKeyId);
  const caller = {
    region: authorization.region,
    accountId: credentials?.accountId ?? accountId,
    accessKeyId: authorization.accessKeyId,
  };
  if (!credentials) return caller;

  const { secretAccessKey } = credentials;
  const { payloadHash, body } = await readPayloadHash(request, authorization);
  const { method = 'GET', rawHeaders } = request.message;
  const { path, query } = request;
  if (
    !isSignatureValid({ method, path, query, rawHeaders, payloadHash }, { authorization, secretAccessKey })
  ) {
    throw refusal('signature', request.service);
  }
  return {
    ...caller,
    ...(body && { body }),
    ...(payloadHash.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD') && {
      chunkVerifier: createChunkVerifier(authorization, secretAccessKey),
    }),
  };
}

const payloadLimitBytes = 16 * 1024 * 1024;

/**
 * S3 always says what it signed, and checks the body against it while storing it. Elsewhere the body is small and is
 * hashed here: the signature covers its hash, said or not.
 */
async function readPayloadHash(
  { service, message, body }: UnverifiedRequest,
  { expiresSeconds }: Authorization,
): Promise<{ payloadHash: string; body?: Readable }> {
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
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body()) {
    length += chunk.length;
    if (length > payloadLimitBytes)
      throw new ServiceError(413, 'RequestEntityTooLarge', 'The body is too long.');
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const payloadHash = createHash('sha256').update(bytes).digest('hex');
  return { payloadHash, body: Readable.from([bytes]) };
}
