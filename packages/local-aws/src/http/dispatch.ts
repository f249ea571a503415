import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { CallRecord, Calls } from '../calls.ts';
import type { Faults, StruckFault } from '../faults/faults.ts';
import {
  type Service,
  ServiceError,
  type ServiceName,
  type ServiceRequest,
  type ServiceResponse,
} from '../service.ts';
import { authenticate, type Caller, type KnownCredentials } from './authenticate.ts';
import { type ReadAuthorization, readAuthorization } from './authorization.ts';
import { ConnectionDropped, carryOut } from './carry-out.ts';
import { send } from './send.ts';
import { serviceOf } from './service-of.ts';

export interface DispatchOptions {
  readonly services: ReadonlyMap<ServiceName, Service>;
  readonly faults: Faults;
  readonly calls: Calls;
  readonly accountId: string;
  readonly credentials: readonly KnownCredentials[];
  readonly now: () => number;
  readonly onNotice: (message: string) => void;
}

export interface HttpExchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
}

/** Answers one request, or leaves it unanswered where a fault says so. Never rejects. */
export async function dispatch(exchange: HttpExchange, options: DispatchOptions): Promise<void> {
  const { message, response } = exchange;
  const { path, query } = splitTarget(message.url ?? '/');
  const read = readAuthorization(message.headers, query);
  const found = serviceOf(read, query, message);
  const service = 'name' in found ? options.services.get(found.name) : undefined;
  const lifetime = new AbortController();
  response.once('close', () => lifetime.abort());
  if (!service) {
    const asked = 'name' in found ? found.name : found.unknown;
    options.onNotice(`a request for the service ${asked}, which the stand-in does not have`);
    await send(unknownService(asked), { to: response, request: message });
    return;
  }
  const request = openRequest(exchange, {
    service: service.name,
    path,
    query,
    read,
    signal: lifetime.signal,
  });
  await answer({ exchange, service, request, read, options });
}

interface Answering {
  readonly exchange: HttpExchange;
  readonly service: Service;
  readonly request: OpenRequest;
  readonly read: ReadAuthorization;
  readonly options: DispatchOptions;
}

async function answer({ exchange, service, request, read, options }: Answering): Promise<void> {
  const { message, response } = exchange;
  const { faults, calls, accountId, credentials, now, onNotice } = options;
  const startedAt = performance.now();
  let record: CallRecord | undefined;
  let struck: StruckFault[] = [];
  let decided: ServiceResponse | undefined;
  try {
    const { signal, service: name, path, query } = request;
    const caller = await authenticate(
      { service: name, message, path, query, body: () => request.body },
      { read, accountId, known: credentials },
    );
    request.identify(caller);
    const call = await service.understand(request);
    record = calls.start({
      time: new Date(now()).toISOString(),
      requestId: request.id,
      service: name,
      region: request.region,
      accountId: request.accountId,
      operation: call.operation,
      parameters: call.parameters,
    });
    struck = faults.strike(record);
    if (struck.length > 0) record.faults = struck.map(({ action }) => action.kind);
    await carryOut(struck, { when: 'before', service: name, signal });
    decided = await call.run();
    record.status = decided.status;
    await carryOut(struck, { when: 'after', service: name, signal });
    record.outcome = 'answered';
  } catch (thrown) {
    if (decided?.body instanceof Readable) decided.body.destroy();
    decided = undefined;
    if (thrown instanceof ConnectionDropped || request.signal.aborted) {
      if (record) record.outcome = thrown instanceof ConnectionDropped ? 'dropped' : 'client-left';
    } else {
      const error = asServiceError(thrown, onNotice);
      if (error.status === 501) onNotice(error.message);
      decided = service.renderError(error, request);
      if (record)
        Object.assign(record, { outcome: 'answered', status: decided.status, errorCode: error.code });
    }
  }
  if (record) {
    record.durationMs = Math.round(performance.now() - startedAt);
    calls.end(record);
  }
  if (!decided) {
    message.socket.resetAndDestroy();
    return;
  }
  // A client that still waits for its 100 may or may not send the body: where the next request begins cannot be told.
  if (exchange.expectsContinue && !request.bodyAsked()) response.setHeader('connection', 'close');
  const cut = struck.find(({ action }) => action.kind === 'cut');
  cut?.begin();
  try {
    await send(decided, {
      to: response,
      request: message,
      ...(cut?.action.kind === 'cut' && { cutAfterBytes: cut.action.afterBytes }),
    });
  } catch (error) {
    if (!request.signal.aborted) onNotice(`an answer broke off: ${(error as Error).message}`);
    response.destroy();
  }
}

interface OpenRequest extends ServiceRequest {
  readonly service: ServiceName;
  identify(caller: Caller): void;
  bodyAsked(): boolean;
}

function openRequest(
  { message, response, expectsContinue }: HttpExchange,
  {
    service,
    path,
    query,
    read,
    signal,
  }: {
    service: ServiceName;
    path: string;
    query: URLSearchParams;
    read: ReadAuthorization;
    signal: AbortSignal;
  },
): OpenRequest {
  let asked = false;
  let caller: Caller | undefined;
  return {
    service,
    id: service === 's3' ? randomBytes(8).toString('hex').toUpperCase() : randomUUID(),
    method: message.method ?? 'GET',
    path,
    query,
    headers: message.headers,
    signal,
    get body() {
      if (caller?.body) return caller.body;
      if (expectsContinue && !asked) response.writeContinue();
      asked = true;
      return message;
    },
    get region() {
      return caller?.region ?? (read.kind === 'signed' ? read.authorization.region : 'us-east-1');
    },
    get accountId() {
      return caller?.accountId ?? '';
    },
    get accessKeyId() {
      return caller?.accessKeyId;
    },
    get chunkVerifier() {
      return caller?.chunkVerifier;
    },
    identify(found) {
      caller = found;
    },
    bodyAsked: () => asked,
  };
}

/** Also of the absolute form, which proxies are sent. */
function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const relative = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = relative.indexOf('?');
  return {
    path: (mark < 0 ? relative : relative.slice(0, mark)) || '/',
    query: new URLSearchParams(mark < 0 ? '' : relative.slice(mark + 1)),
  };
}

function asServiceError(thrown: unknown, onNotice: (message: string) => void): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (thrown instanceof URIError) {
    return new ServiceError(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
  onNotice(`a fault of the stand-in's own: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  return new ServiceError(500, 'InternalError', 'We encountered an internal error. Please try again.');
}

function unknownService(name: string): ServiceResponse {
  return {
    status: 501,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: `local-aws does not have the service ${name}` }),
  };
}
