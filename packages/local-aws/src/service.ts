import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Faults } from './faults/faults.ts';
import type { ChunkVerifier } from './http/signature.ts';
import type { Store } from './store/store.ts';

/** One HTTP request as a service sees it: where it came from is settled, what it asks is not. */
export interface ServiceRequest {
  /** Goes out as the request id header and into error bodies. */
  readonly id: string;
  readonly method: string;
  /** As sent, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** As sent: an `aws-chunked` body is still framed. To look at it is to ask for it: a client that waits for `100 Continue` gets it then. */
  readonly body: Readable;
  /** From the credential scope of the signature. */
  readonly region: string;
  readonly accountId: string;
  readonly accessKeyId?: string;
  /** Where the secret key is known: checks the signatures inside an `aws-chunked` body. */
  readonly chunkVerifier?: ChunkVerifier;
  /** Aborts when the client hangs up or the server closes. */
  readonly signal: AbortSignal;
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

/** What the stand-in gives each of its services. */
export interface ServiceContext {
  readonly store: Store;
  readonly faults: Faults;
  /** Milliseconds since 1970: every time that a service writes down, shows or waits for. */
  readonly now: () => number;
  /** The account of whoever signs with credentials that the stand-in was not told of. */
  readonly accountId: string;
  /** Something that a person at the terminal should read. */
  readonly onNotice: (message: string) => void;
}

export type ServiceName = 's3' | 'ec2' | 'sts' | 'iam' | 'ebs' | 'ssm' | 'autoscaling';

/** What a service answers instead of a result. */
export class ServiceError extends Error {
  override name = 'ServiceError';
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Further elements of the error body, such as S3's `BucketName`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    {
      headers = {},
      details = {},
    }: { headers?: Record<string, string>; details?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.details = details;
  }
}
