import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ServiceResponse } from '../service.ts';

/** Writes the answer; with `cutAfterBytes` resets the connection when so much of the body is on its way. */
export async function send(
  { status, headers = {}, body }: ServiceResponse,
  {
    to,
    request,
    now,
    cutAfterBytes,
  }: { to: ServerResponse; request: IncomingMessage; now: () => number; cutAfterBytes?: number | undefined },
): Promise<void> {
  // By the emulator's clock, and not Node's: clients correct theirs by it.
  to.sendDate = false;
  to.setHeader('date', new Date(now()).toUTCString());
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
  if (bodiless || body === undefined) {
    if (body instanceof Readable) body.destroy();
    to.writeHead(status, bodiless ? headers : { 'content-length': '0', ...headers });
    to.end();
    return;
  }
  if (body instanceof Readable) {
    to.writeHead(status, headers);
    await pipeline(cutAfterBytes === undefined ? body : body.compose(cut(cutAfterBytes, to)), to);
    return;
  }
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  to.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
  if (cutAfterBytes === undefined || cutAfterBytes >= bytes.length) {
    to.end(bytes);
    return;
  }
  to.write(bytes.subarray(0, cutAfterBytes), () => to.socket?.resetAndDestroy());
}

function cut(afterBytes: number, to: ServerResponse) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let left = afterBytes;
    for await (const chunk of source) {
      if (chunk.length > left) {
        yield chunk.subarray(0, left);
        // What is still in the socket's buffer would be lost with a reset at once.
        await new Promise((resolve) => setImmediate(resolve));
        to.socket?.resetAndDestroy();
        return;
      }
      left -= chunk.length;
      yield chunk;
    }
  };
}
