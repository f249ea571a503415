import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { type ChunkVerifier, ServiceError, type ServiceName } from '../service.ts';
import type { Authorization, ReadAuthorization } from './authorization.ts';
import { createChunkVerifier, isSignatureValid } from './signature.ts';

/** Credentials whose secret the emulator knows: what they sign is verified. With any others all signatures pass. */
export interface KnownCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The account they belong to; the emulator's own where it is not given. */
  readonly accountId?: string;
}

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

/** Refuses what the service would refuse: no credentials, malformed ones, an expired URL, a wrong signature. */
export async function authenticate(
  request: UnverifiedRequest,
  {
    read,
    accountId,
    known,
  }: { read: ReadAuthorization; accountId: string; known: readonly KnownCredentials[] },
): Promise<Caller> {
  if (read.kind === 'anonymous') throw refusal('anonymous', request.service);
  if (read.kind === 'malformed') throw refusal('malformed', request.service, read.reason);
  const { authorization } = read;
  refuseExpired(authorization, request.service);
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

/** Real time, whatever the emulator's clock says: the signer goes by its own. */
function refuseExpired({ timestamp, expiresSeconds }: Authorization, service: ServiceName): void {
  if (expiresSeconds === undefined) return;
  const signedAt = Date.parse(
    timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  if (!(Date.now() <= signedAt + expiresSeconds * 1000)) throw refusal('expired', service);
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

type Refusal = 'anonymous' | 'malformed' | 'signature' | 'expired';

/** In the words of each service, since clients go by the codes. */
function refusal(why: Refusal, service: ServiceName, reason = ''): ServiceError {
  if (service === 's3') return s3Refusal(why, reason);
  if (service === 'ec2') {
    return why === 'anonymous'
      ? new ServiceError(400, 'MissingParameter', 'The request must contain the parameter AWSAccessKeyId')
      : new ServiceError(401, 'AuthFailure', 'AWS was not able to validate the provided access credentials');
  }
  const suffix = service === 'ebs' || service === 'ssm' ? 'Exception' : '';
  switch (why) {
    case 'anonymous':
      return new ServiceError(
        403,
        `MissingAuthenticationToken${suffix}`,
        'Request is missing Authentication Token',
      );
    case 'malformed':
      return new ServiceError(400, `IncompleteSignature${suffix}`, `The Authorization is wrong: ${reason}`);
    case 'expired':
    case 'signature':
      return new ServiceError(
        403,
        suffix ? 'InvalidSignatureException' : 'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
      );
  }
}

function s3Refusal(why: Refusal, reason: string): ServiceError {
  switch (why) {
    case 'anonymous':
      return new ServiceError(403, 'AccessDenied', 'Access Denied');
    case 'expired':
      return new ServiceError(403, 'AccessDenied', 'Request has expired');
    case 'signature':
      return new ServiceError(
        403,
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      );
    case 'malformed':
      return reason === 'unsupported algorithm'
        ? new ServiceError(
            400,
            'InvalidRequest',
            'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
          )
        : new ServiceError(
            400,
            'AuthorizationHeaderMalformed',
            `The authorization header is malformed; ${reason}.`,
          );
  }
}
