import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { awsErrorFacts, type CallOptions, type ServiceClock } from '@ec2-image/aws-call';
import type { DeserializeMiddleware, MiddlewareStack, Pluggable } from '@smithy/types';

/** One request as it went over the wire, retries each on their own. Holds no secret. */
export interface AwsCall {
  readonly service: string;
  readonly operation: string;
  readonly seconds: number;
  readonly attempt: number;
  readonly status?: number;
  readonly requestId?: string;
  /** AWS's code, or the name of what the connection failed with. */
  readonly error?: string;
}

export interface ConnectionOptions {
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  /** How long a connection may be idle. */
  readonly requestTimeoutMs: number;
  /** Of a request that is answered. */
  readonly maxAttempts: number;
  /** How long a service may give no answer. */
  readonly outageTimeoutMs: number;
  /** Learns the time from every answer. */
  readonly clock: ServiceClock;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly onCall?: (call: AwsCall) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Clients {
  readonly s3: S3Client;
  readonly ec2: EC2Client;
  readonly sts: STSClient;
  readonly iam: IAMClient;
}

export const defaultRequestTimeoutMs = 60_000;
export const defaultMaxAttempts = 8;

/** How long the TCP and TLS handshakes may take. */
const connectionTimeoutMs = 10_000;

/** The SDK's clients, set up alike. Credentials, regions and endpoints come from where the SDK looks for them. */
export function createClients(options: ConnectionOptions): Clients {
  const settings = clientSettings(options);
  const clients = {
    s3: new S3Client({ ...settings, ...s3Settings(options) }),
    ec2: new EC2Client(settings),
    sts: new STSClient(settings),
    iam: new IAMClient(settings),
  };
  for (const client of Object.values(clients)) observeCalls(client, options);
  return clients;
}

/** What every call of every client has a part in: the time, and the trace. */
export function observeCalls(
  // biome-ignore lint/suspicious/noExplicitAny: as the plugins, for all clients
  client: { readonly middlewareStack: MiddlewareStack<any, any> },
  { clock, onCall }: Pick<ConnectionOptions, 'clock' | 'onCall'>,
): void {
  client.middlewareStack.use(clock.plugin);
  if (onCall) client.middlewareStack.use(traceCalls(onCall));
}

/** What all verbs are given alike, whatever they call. */
export function callOptions({
  outageTimeoutMs,
  clock,
}: Pick<ConnectionOptions, 'outageTimeoutMs' | 'clock'>): Pick<CallOptions, 'outageTimeoutMs' | 'clock'> {
  return { outageTimeoutMs, clock };
}

/** What every client of the SDK is given; the janitor makes clients of further services with it. */
export function clientSettings({
  region,
  profile,
  endpointUrl,
  requestTimeoutMs,
  maxAttempts,
  credentials,
  env,
}: ConnectionOptions) {
  return {
    region: region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined),
    ...(profile !== undefined && { profile }),
    ...(endpointUrl !== undefined && { endpoint: endpointUrl }),
    ...(credentials && { credentials }),
    maxAttempts,
    retryMode: 'adaptive',
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      socketTimeout: requestTimeoutMs,
      httpAgent: { keepAlive: true, maxSockets: 64 },
      httpsAgent: { keepAlive: true, maxSockets: 64 },
    },
  };
}

/** Path-style addresses wherever the endpoint is not AWS's own: `bucket.localhost` resolves on few machines. */
function s3Settings({ endpointUrl, env }: ConnectionOptions) {
  const custom = endpointUrl ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  return { ...(custom !== undefined && { forcePathStyle: true }), expectContinueHeader: false };
}

/** Tells of every request as it is answered or lost. Below the retries, so that each attempt is seen. */
// biome-ignore lint/suspicious/noExplicitAny: the SDK types a plugin by one client's inputs, and this one serves all clients
function traceCalls(onCall: (call: AwsCall) => void): Pluggable<any, any> {
  const attempts = new WeakMap<object, number>();
  const trace: DeserializeMiddleware<object, object> = (next, context) => async (args) => {
    const startedAt = performance.now();
    const attempt = (attempts.get(context) ?? 0) + 1;
    attempts.set(context, attempt);
    const seen = (rest: Pick<AwsCall, 'status' | 'requestId' | 'error'>) =>
      onCall({
        service: String(context.clientName ?? '').replace(/Client$/, ''),
        operation: String(context.commandName ?? '').replace(/Command$/, ''),
        seconds: (performance.now() - startedAt) / 1000,
        attempt,
        ...rest,
      });
    try {
      const result = await next(args);
      const { $metadata } = result.output as { $metadata?: { httpStatusCode?: number; requestId?: string } };
      seen({ status: $metadata?.httpStatusCode, requestId: $metadata?.requestId });
      return result;
    } catch (error) {
      const facts = awsErrorFacts(error);
      seen({
        status: facts?.httpStatus,
        requestId: facts?.requestId,
        error: facts?.httpStatus ? facts.awsCode : error instanceof Error ? error.name : String(error),
      });
      throw error;
    }
  };
  return {
    applyToStack: (stack) => stack.add(trace, { step: 'deserialize', priority: 'high', name: 'traceCalls' }),
  };
}
