import { once } from 'node:events';
import type { Stats } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import send from 'send';
import { SampleImageError } from './errors.ts';

export interface ServeDirectoryOptions {
  readonly directory: string;
  /** Default 0: one that is free. */
  readonly port?: number;
  /** How much of a file is read at a time, in bytes. Default 64 KiB. */
  readonly readBytes?: number;
  /** Closes the server. */
  readonly signal?: AbortSignal;
}

/** A request as it arrived, and what became of it. */
export interface ServedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined until it is answered. */
  status?: number;
  /** Of the body, as far as they were handed to the connection. */
  bytesSent: number;
}

export interface DirectoryServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  readonly url: string;
  /** Every request so far, in the order of their arrival. */
  readonly requests: readonly ServedRequest[];
  /** Ends the connections that are open, too. */
  close(): Promise<void>;
}

/**
 * Serves a directory's files over HTTP on loopback, as a distribution's mirror does: GET and HEAD, ranges, `If-Range`, a strong ETag
 * and Last-Modified.
 *
 * @throws SampleImageError `CANNOT_LISTEN`
 */
export async function serveDirectory(options: ServeDirectoryOptions): Promise<DirectoryServer> {
  const { directory, port = 0, readBytes = 64 * 1024, signal } = options;
  signal?.throwIfAborted();
  const requests: ServedRequest[] = [];
  const server = createServer((request, response) => {
    requests.push(record(request, response));
    answer({ request, response, directory, readBytes });
  });
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new SampleImageError('CANNOT_LISTEN', `port ${port} on 127.0.0.1 cannot be listened on`, {
      hint: 'Give another port, or 0 for one that is free.',
      cause,
      facts: { port },
    });
  }
  const closed = once(server, 'close');
  const close = async () => {
    signal?.removeEventListener('abort', close);
    server.close();
    server.closeAllConnections();
    await closed;
  };
  signal?.addEventListener('abort', close);
  const { port: boundPort } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${boundPort}`, requests, close, [Symbol.asyncDispose]: close };
}

function record(request: IncomingMessage, response: ServerResponse): ServedRequest {
  const { method = '', url = '', headers } = request;
  const served: ServedRequest = { method, url, headers, bytesSent: 0 };
  response.on('pipe', (body) => body.on('data', (chunk: Buffer) => (served.bytesSent += chunk.length)));
  response.on('close', () => {
    if (response.headersSent) served.status = response.statusCode;
  });
  return served;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly directory: string;
  readonly readBytes: number;
}

function answer({ request, response, directory, readBytes }: Exchange): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  // What it has no use for itself, it hands to the stream that reads the file.
  const options: send.SendOptions & { readonly highWaterMark: number } = {
    root: directory,
    index: false,
    cacheControl: false,
    highWaterMark: readBytes,
  };
  send(request, request.url!.split('?', 1)[0]!, options)
    // Its own would be a weak one, which no client may put into If-Range (RFC 9110, section 13.1.5).
    .on('file', (_path: string, stat: Stats) => response.setHeader('ETag', strongETag(stat)))
    .pipe(response);
}

function strongETag({ ino, size, mtimeMs }: Stats): string {
  return `"${[ino, size, Math.trunc(mtimeMs * 1000)].map((each) => each.toString(16)).join('-')}"`;
}
