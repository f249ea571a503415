import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord, Calls } from '../calls.ts';
import type { ReadVolumeOptions } from '../ebs/read-volume.ts';
import { LocalAwsError } from '../errors.ts';
import type { FaultHandle, Faults } from '../faults/faults.ts';
import { parseFaultFile } from '../faults/parse-rule.ts';
import type { ServiceResponse } from '../service.ts';
import { isFromWebPage, refusedOrigin } from './allowed-origin.ts';
import { send } from './send.ts';

export const controlPrefix = '/_local-aws/';

export interface Control {
  readonly faults: Faults;
  readonly calls: Calls;
  readonly now: () => number;
  readVolume(options: ReadVolumeOptions): AsyncGenerator<Buffer>;
}

/** Answers what is asked of the emulator itself: its faults and its log of calls. No bucket can have the prefix as its name. */
export function createControl({ faults, calls, now, readVolume }: Control) {
  // Handles of rules added over HTTP, for those who wait until one strikes.
  const handles = new Map<string, FaultHandle>();

  async function answer(message: IncomingMessage, signal: AbortSignal): Promise<ServiceResponse> {
    const url = new URL(message.url ?? '/', 'http://local');
    const [noun, id, verb] = url.pathname.slice(controlPrefix.length).split('/').map(decodeURIComponent);
    switch (`${message.method} ${[noun, id && ':id', verb].filter(Boolean).join('/')}`) {
      case 'GET faults':
        return json(200, { faults: faults.list() });
      case 'POST faults': {
        const added = parseFaultFile(await text(message)).map((rule) => faults.add(rule));
        for (const handle of added) handles.set(handle.id, handle);
        return json(201, { ids: added.map((handle) => handle.id) });
      }
      case 'DELETE faults':
        faults.clear();
        handles.clear();
        return { status: 204 };
      case 'DELETE faults/:id':
        handles.delete(id ?? '');
        return faults.remove(id ?? '') ? { status: 204 } : json(404, { error: `no fault ${id}` });
      case 'GET faults/:id/struck': {
        const handle = handles.get(id ?? '');
        if (!handle) return json(404, { error: `no fault ${id} that was added over HTTP` });
        const timeout = sleep(Number(url.searchParams.get('timeoutMs') ?? 30_000), undefined, { signal });
        const target = await Promise.race([handle.struck, timeout.catch(() => undefined)]);
        return target ? json(200, { struck: true, call: target }) : json(200, { struck: false });
      }
      case 'GET calls': {
        const after = Number(url.searchParams.get('after') ?? 0);
        if (url.searchParams.has('follow')) return follow(calls, after, signal);
        const limit = Number(url.searchParams.get('limit') ?? 10_000);
        return json(200, { calls: calls.list({ after, limit }) });
      }
      case 'DELETE calls':
        calls.clear();
        return { status: 204 };
      case 'GET volumes/:id':
        return volume(readVolume(volumeOptions(id ?? '', url.searchParams)));
      default:
        return json(404, { error: `no ${message.method} ${url.pathname} here` });
    }
  }

  return async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const lifetime = new AbortController();
    response.once('close', () => lifetime.abort());
    let decided: ServiceResponse;
    try {
      const refused = refusedOrigin(message.headers) ?? webPage(message.headers);
      decided = refused ? json(403, { error: refused }) : await answer(message, lifetime.signal);
    } catch (error) {
      decided = json(error instanceof LocalAwsError ? 400 : 500, { error: (error as Error).message });
    }
    await send(decided, { to: response, request: message, now }).catch(() => response.destroy());
  };
}

function webPage(headers: IncomingHttpHeaders): string | undefined {
  return isFromWebPage(headers) ? 'the control endpoints take no request from a web page' : undefined;
}

/** The calls as they end, a JSON document a line, until the reader leaves. */
function follow(calls: Calls, after: number, signal: AbortSignal): ServiceResponse {
  const lines = new PassThrough();
  const write = (record: CallRecord) => lines.write(`${JSON.stringify(record)}\n`);
  for (const record of calls.list({ after })) if (record.outcome !== 'running') write(record);
  const unsubscribe = calls.subscribe(write);
  signal.addEventListener('abort', () => {
    unsubscribe();
    lines.end();
  });
  return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: lines };
}

function volumeOptions(snapshotId: string, query: URLSearchParams): ReadVolumeOptions {
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
  return {
    snapshotId,
    encrypted: query.get('encrypted') === 'true',
    firstBlock: number('firstBlock'),
    blocks: number('blocks'),
  };
}

/** The first block is read before the answer begins, so that a snapshot that cannot be read is told as an error. */
async function volume(blocks: AsyncGenerator<Buffer>): Promise<ServiceResponse> {
  const first = await blocks.next();
  const all = async function* () {
    if (first.done) return;
    yield first.value;
    yield* blocks;
  };
  return {
    status: 200,
    headers: { 'content-type': 'application/octet-stream' },
    body: Readable.from(all(), { objectMode: false }),
  };
}

function json(status: number, value: unknown): ServiceResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(value)}\n` };
}
