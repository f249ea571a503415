import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { CallConditions } from '../conditions/conditions.ts';
import type { ServiceName, ServiceRequest } from '../service.ts';
import type { Caller } from './authenticate.ts';
import type { ReadAuthorization } from './authorization.ts';

export interface HttpExchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
}

/** A request on its way to a service: who sent it is known from `identify` on. */
export interface OpenRequest extends ServiceRequest {
  readonly service: ServiceName;
  identify(caller: Caller): void;
  meet(conditions: CallConditions): void;
  bodyAsked(): boolean;
}

export function openRequest(
  { message, response, expectsContinue }: HttpExchange,
  { service, path, query, read, form }: RequestHead,
): OpenRequest {
  const lifetime = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) lifetime.abort();
  });
  let asked = false;
  let caller: Caller | undefined;
  let met: CallConditions | undefined;
  return {
    service,
    id: service === 's3' ? randomBytes(8).toString('hex').toUpperCase() : randomUUID(),
    method: message.method ?? 'GET',
    path,
    query,
    headers: message.headers,
    signal: lifetime.signal,
    get body() {
      if (caller?.payload) return Readable.from(caller.payload.chunks);
      if (form) return Readable.from([form]);
      if (expectsContinue && !asked) response.writeContinue();
      asked = true;
      return message;
    },
    get payload() {
      return caller?.payload;
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
    get conditions() {
      if (!met) throw new Error('what a call meets is not known before the call is');
      return met;
    },
    identify(found) {
      caller = found;
    },
    meet(conditions) {
      met = conditions;
    },
    bodyAsked: () => asked,
  };
}

interface RequestHead {
  readonly service: ServiceName;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly read: ReadAuthorization;
  /** The body, where it had to be read to know the service. */
  readonly form?: Buffer | undefined;
}

/** Also of the absolute form, which proxies are sent. */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const relative = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = relative.indexOf('?');
  return {
    path: (mark < 0 ? relative : relative.slice(0, mark)) || '/',
    query: new URLSearchParams(mark < 0 ? '' : relative.slice(mark + 1)),
  };
}
