import type { IncomingHttpHeaders } from 'node:http';

/** What a request says of who signed it, and for which service: Signature Version 4, in the header or the query. */
export interface Authorization {
  readonly accessKeyId: string;
  /** `yyyymmdd` of the credential scope. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `yyyymmddThhmmssZ`. */
  readonly timestamp: string;
  /** Of a presigned URL: how long it is good for. */
  readonly expiresSeconds?: number;
}

export type ReadAuthorization =
  | { readonly kind: 'signed'; readonly authorization: Authorization }
  | { readonly kind: 'anonymous' }
  /** Signed in a way, or a form, that is none of Version 4's. */
  | { readonly kind: 'malformed'; readonly reason: string };

const algorithm = 'AWS4-HMAC-SHA256';

export function readAuthorization(headers: IncomingHttpHeaders, query: URLSearchParams): ReadAuthorization {
  const header = headers.authorization;
  if (header !== undefined) return fromHeader(header, headers);
  if (query.has('X-Amz-Signature') || query.has('X-Amz-Credential')) return fromQuery(query);
  return { kind: 'anonymous' };
}

function fromHeader(header: string, headers: IncomingHttpHeaders): ReadAuthorization {
  if (!header.startsWith(`${algorithm} `)) return { kind: 'malformed', reason: 'unsupported algorithm' };
  const fields = new Map(
    header
      .slice(algorithm.length)
      .split(',')
      .map((field) => {
        const [name = '', ...value] = field.trim().split('=');
        return [name, value.join('=')] as const;
      }),
  );
  return assemble({
    credential: fields.get('Credential'),
    signedHeaders: fields.get('SignedHeaders'),
    signature: fields.get('Signature'),
    timestamp: single(headers['x-amz-date']) ?? timestampOf(headers.date),
  });
}

function fromQuery(query: URLSearchParams): ReadAuthorization {
  if (query.get('X-Amz-Algorithm') !== algorithm) {
    return { kind: 'malformed', reason: 'unsupported algorithm' };
  }
  const read = assemble({
    credential: query.get('X-Amz-Credential') ?? undefined,
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? undefined,
    signature: query.get('X-Amz-Signature') ?? undefined,
    timestamp: query.get('X-Amz-Date') ?? undefined,
  });
  if (read.kind !== 'signed') return read;
  const expiresSeconds = Number(query.get('X-Amz-Expires') ?? Number.NaN);
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > 604_800) {
    return { kind: 'malformed', reason: 'X-Amz-Expires must be between 1 and 604800 seconds' };
  }
  return { kind: 'signed', authorization: { ...read.authorization, expiresSeconds } };
}

function assemble(given: {
  credential: string | undefined;
  signedHeaders: string | undefined;
  signature: string | undefined;
  timestamp: string | undefined;
}): ReadAuthorization {
  const { credential = '', signedHeaders, signature, timestamp } = given;
  // From the end: an access key id may itself hold slashes, the scope does not.
  const [terminator, service, region, date, ...accessKey] = credential.split('/').reverse();
  const accessKeyId = accessKey.reverse().join('/');
  if (terminator !== 'aws4_request' || !service || !region || !date || !accessKeyId) {
    return { kind: 'malformed', reason: 'the Credential is mal-formed' };
  }
  if (!signedHeaders || !signature)
    return { kind: 'malformed', reason: 'SignedHeaders or Signature is missing' };
  if (!timestamp) return { kind: 'malformed', reason: 'the request has no date' };
  return {
    kind: 'signed',
    authorization: {
      accessKeyId,
      date,
      region,
      service,
      signedHeaders: signedHeaders.toLowerCase().split(';'),
      signature,
      timestamp,
    },
  };
}

function timestampOf(httpDate: string | undefined): string | undefined {
  const time = Date.parse(httpDate ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
