import { Readable } from 'node:stream';
import type { CallRecord, Calls } from '../calls.ts';
import { type Conditions, calmHeader } from '../conditions/conditions.ts';
import type { Faults, StruckFault } from '../faults/faults.ts';
import { faultError } from '../faults/presets.ts';
import { type Call, type Service, ServiceError, type ServiceName, type ServiceResponse } from '../service.ts';
import { isDiskFull } from '../store/is-disk-full.ts';
import { refusedOrigin } from './allowed-origin.ts';
import { authenticate, type FindCredentials } from './authenticate.ts';
import { type ReadAuthorization, readAuthorization } from './authorization.ts';
import { ConnectionDropped, carryOut } from './carry-out.ts';
import { type HttpExchange, type OpenRequest, openRequest, splitTarget } from './open-request.ts';
import { send } from './send.ts';
import { serviceOf } from './service-of.ts';
import { needsNoSignature, readUnsignedForm } from './unsigned.ts';

export interface DispatchOptions {
  readonly services: ReadonlyMap<ServiceName, Service>;
  readonly faults: Faults;
  readonly conditions: Conditions;
  readonly calls: Calls;
  readonly accountId: string;
  readonly findCredentials: FindCredentials;
  /** Regions that are not every account's and that this one has. */
  readonly optedIn: ReadonlySet<string>;
  /** Beside those of loopback: names by which a proxy or a TLS terminator reaches the emulator, and all below them. */
  readonly hostNames: readonly string[];
  readonly now: () => number;
  readonly onNotice: (message: string) => void;
}

/** Answers one request, or leaves it unanswered where a fault says so. Never rejects. */
export async function dispatch(exchange: HttpExchange, options: DispatchOptions): Promise<void> {
  const { message, response } = exchange;
  const { now } = options;
  const { path, query } = splitTarget(message.url ?? '/');
  const read = readAuthorization(message.headers, query);
  const form = await readUnsignedForm(message);
  const asked = form ? new URLSearchParams([...query, ...new URLSearchParams(form.toString())]) : query;
  const found = serviceOf(read, asked, message);
  const service = 'name' in found ? options.services.get(found.name) : undefined;
  if (!service) {
    const name = 'name' in found ? found.name : found.unknown;
    options.onNotice(`a request for the service ${name}, which the emulator does not have`);
    await send(unknownService(name), { to: response, request: message, now });
    return;
  }
  const request = openRequest(exchange, { service: service.name, path, query, read, form });
  const { answer, struck } = await decide({ exchange, service, request, read, asked }, options);
  if (!answer) {
    message.socket.resetAndDestroy();
    return;
  }
  // A client that still waits for its 100 may or may not send the body: where the next request begins cannot be told.
  if (exchange.expectsContinue && !request.bodyAsked()) response.setHeader('connection', 'close');
  const cut = struck.find(({ action }) => action.kind === 'cut');
  cut?.begin();
  try {
    const cutAfterBytes = cut?.action.kind === 'cut' ? cut.action.afterBytes : undefined;
    await send(answer, { to: response, request: message, now, cutAfterBytes });
  } catch (error) {
    // One that is cut breaks off as asked for.
    if (!request.signal.aborted && !cut) options.onNotice(`an answer broke off: ${(error as Error).message}`);
    response.destroy();
  }
}

interface Incoming {
  readonly exchange: HttpExchange;
  readonly service: Service;
  readonly request: OpenRequest;
  readonly read: ReadAuthorization;
  /** The parameters of a Query call, wherever they were. */
  readonly asked: URLSearchParams;
}

interface Decision {
  /** None where the connection is to be reset, or is gone. */
  readonly answer?: ServiceResponse | undefined;
  readonly struck: readonly StruckFault[];
}

/** Lets the service act, with the faults before and after that, and keeps the record of the call. */
async function decide(incoming: Incoming, options: DispatchOptions): Promise<Decision> {
  const { service, request } = incoming;
  const { calls, faults, conditions, now } = options;
  const startedAt = performance.now();
  let record: CallRecord | undefined;
  let struck: StruckFault[] = [];
  let answer: ServiceResponse | undefined;
  try {
    refuseForeign(incoming, options);
    await identify(incoming, options);
    const { id: requestId, region, accountId, signal } = request;
    const call = await service.understand(request);
    const { operation, parameters } = call;
    const time = new Date(now()).toISOString();
    record = calls.start({
      time,
      requestId,
      service: service.name,
      region,
      accountId,
      operation,
      parameters,
      ...(request.headers[calmHeader] === 'calm' && { observes: true }),
    });
    struck = faults.strike({ ...record, underWay: calls.underWay(operation) });
    if (struck.length > 0) record.faults = struck.map(({ action }) => action.kind);
    const met = conditions.meet(record, request.headers);
    request.meet(met);
    await carryOut(struck, { when: 'before', service: service.name, signal });
    // A fault was asked for at this call: chance adds none of its own.
    const isLeftToChance = struck.length === 0;
    if (met.isThrottled && isLeftToChance) {
      record.met = 'throttled';
      throw faultError({ kind: 'error', preset: 'throttling' }, service.name);
    }
    answer = await act(call, incoming, { options, record });
    record.status = answer.status;
    await carryOut(struck, { when: 'after', service: service.name, signal });
    if (met.losesAnswer && isLeftToChance) {
      record.met = 'answer-lost';
      throw new ConnectionDropped();
    }
    record.outcome = 'answered';
  } catch (thrown) {
    if (answer?.body instanceof Readable) answer.body.destroy();
    answer = undefined;
    if (thrown instanceof ConnectionDropped || request.signal.aborted) {
      if (record) record.outcome = thrown instanceof ConnectionDropped ? 'dropped' : 'client-left';
    } else {
      const error = asServiceError(thrown, options);
      answer = render(error, incoming);
      if (record)
        Object.assign(record, { outcome: 'answered', status: answer.status, errorCode: error.code });
    }
  }
  if (record) {
    record.durationMs = Math.round(performance.now() - startedAt);
    calls.end(record);
  }
  return { answer, struck };
}

function render(error: ServiceError, { service, request }: Incoming): ServiceResponse {
  if (error.html === undefined) return service.renderError(error, request);
  const { status, headers, html: body } = error;
  return { status, headers: { 'content-type': 'text/html', ...headers }, body };
}

/** What the service answers, its refusals included: an answer that is lost may be one of those. */
async function act(
  call: Call,
  { service, request }: Incoming,
  { options, record }: { readonly options: DispatchOptions; readonly record: CallRecord },
): Promise<ServiceResponse> {
  try {
    return await call.run();
  } catch (thrown) {
    if (thrown instanceof ConnectionDropped || request.signal.aborted) throw thrown;
    const error = asServiceError(thrown, options);
    record.errorCode = error.code;
    return service.renderError(error, request);
  }
}

/** In the service's own form, so that a client which does not know the reason shows it. */
function refuseForeign({ exchange, service }: Incoming, { hostNames }: DispatchOptions): void {
  const reason = refusedOrigin(exchange.message.headers, hostNames);
  if (reason === undefined) return;
  throw faultError(
    { kind: 'error', preset: 'access-denied', status: 403, message: `local-aws: ${reason}` },
    service.name,
  );
}

async function identify(
  { exchange: { message }, request, read, asked }: Incoming,
  { accountId, findCredentials, optedIn, now }: DispatchOptions,
): Promise<void> {
  const { service, path, query } = request;
  if (read.kind === 'anonymous' && needsNoSignature(service, asked)) {
    request.identify({ region: request.region, accountId, accessKeyId: '' });
    return;
  }
  request.identify(
    await authenticate(
      { service, message, path, query, body: () => request.body },
      { read, accountId, findCredentials, optedIn, now: now() },
    ),
  );
}

function asServiceError(thrown: unknown, { onNotice }: DispatchOptions): ServiceError {
  if (thrown instanceof ServiceError) {
    if (thrown.status === 501) onNotice(thrown.message);
    return thrown;
  }
  if (thrown instanceof URIError) {
    return new ServiceError(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
  onNotice(
    isDiskFull(thrown)
      ? `the disk of the state directory is full: ${thrown.message}`
      : `a bug in the emulator: ${thrown instanceof Error ? thrown.stack : String(thrown)}`,
  );
  return new ServiceError(500, 'InternalError', 'We encountered an internal error. Please try again.');
}

function unknownService(name: string): ServiceResponse {
  return {
    status: 501,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: `local-aws does not have the service ${name}` }),
  };
}
