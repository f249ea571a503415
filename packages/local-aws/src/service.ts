import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { CallConditions } from './conditions/conditions.ts';
import type { Payload } from './payload.ts';

/** One HTTP request as a service sees it: who sent it is known, what it asks for is not. */
export interface ServiceRequest {
  /** Goes out as the request id header and into error bodies. */
  readonly id: string;
  readonly method: string;
  /** As sent, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** As sent: an `aws-chunked` body is still framed. Reading it asks for it: a client that waits for `100 Continue` gets it then. */
  readonly body: Readable;
  /** The body, where the signature was checked against it: read and hashed already. */
  readonly payload?: Payload | undefined;
  /** From the credential scope of the signature. */
  readonly region: string;
  readonly accountId: string;
  readonly accessKeyId?: string;
  /** Where the secret key is known: checks the signatures inside an `aws-chunked` body. */
  readonly chunkVerifier?: ChunkVerifier;
  /** Aborts when the client hangs up or the server closes. */
  readonly signal: AbortSignal;
  /** What the call meets; known once it is understood. */
  readonly conditions: CallConditions;
}

/** Checks the signatures inside a signed `aws-chunked` body; each takes in the one before it, the first the request's own. */
export interface ChunkVerifier {
  /** True if the chunk of this data, hashed, carries the right signature. Call it for every chunk, in order. */
  chunk(dataHash: string, signature: string): boolean;
  /** `hash` is that of the trailer's lines, each ended by a newline. */
  trailer(hash: string, signature: string): boolean;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
}

/** A request understood: its operation has a name, so that it can be logged and given a fault before it runs. */
export interface Call {
  /** As the SDK spells it: `UploadPart`, `DescribeImages`. */
  readonly operation: string;
  /** What a fault may match on and a log may show: bucket, key, ids. Never credentials. */
  readonly parameters: Readonly<Record<string, string>>;
  run(): Promise<ServiceResponse>;
}

export interface Service {
  readonly name: ServiceName;
  /** Reads what it must of the request to name its operation. Throws the service's own error for a call it does not know. */
  understand(request: ServiceRequest): Promise<Call>;
  /** An error as this service puts it on the wire: its own thrown errors, a fault's code, or an internal failure. */
  renderError(error: ServiceError, request: ServiceRequest): ServiceResponse;
  close?(): Promise<void>;
}

export type ServiceName =
  | 's3'
  | 'ec2'
  | 'sts'
  | 'iam'
  | 'ebs'
  | 'ssm'
  | 'kms'
  | 'service-quotas'
  | 'sso'
  | 'autoscaling';

/** What a service answers instead of a result. */
export class ServiceError extends Error {
  override name = 'ServiceError';
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Further elements of the error body, such as S3's `BucketName`. */
  readonly details: Readonly<Record<string, string>>;
  /** In place of the service's form: the page that a machine in front of the service answers with. */
  readonly html?: string;

  constructor(
    status: number,
    code: string,
    message: string,
    {
      headers = {},
      details = {},
      html,
    }: { headers?: Readonly<Record<string, string>>; details?: Record<string, string>; html?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.details = details;
    if (html !== undefined) this.html = html;
  }
}
