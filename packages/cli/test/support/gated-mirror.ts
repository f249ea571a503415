import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface GatedMirror extends AsyncDisposable {
  readonly url: string;
  /** Of each answer so far, in order: which bytes of the file it is of, and how many of them were sent. */
  readonly answers: readonly { readonly start: number; readonly end: number; sent: number }[];
  /** Every byte of the rest may go. */
  open(): void;
  /** Ends the connections that wait at the gate. */
  breakOff(): void;
}

export interface GatedMirrorOptions {
  readonly directory: string;
  readonly name: string;
  /** No long answer sends more of the file than up to here, in bytes, before the gate opens, and no answer sends this byte. */
  readonly gateAt: number;
  /** Whether it takes ranges. Default true. */
  readonly ranges?: boolean;
  /** What to serve instead of the file, by the number of the answer. */
  readonly contentOf?: (file: Buffer, answer: number) => Buffer;
  /** Its validator, by the number of the answer. Default `"v1"`. */
  readonly etagOf?: (answer: number) => string;
  /** What to send in place of a stretch of it that begins at this byte. Default: the stretch. */
  readonly alter?: (stretch: Buffer, start: number) => Buffer;
  /** An HTTP status to answer with in place of the file. */
  readonly statusOf?: () => number | undefined;
}

/** Serves one file as a good web server does, up to a byte behind which it waits. */
export async function openGatedMirror(options: GatedMirrorOptions): Promise<GatedMirror> {
  const {
    directory,
    name,
    gateAt,
    ranges = true,
    contentOf = (file) => file,
    etagOf = () => '"v1"',
    alter = (stretch) => stretch,
    statusOf = () => undefined,
  } = options;
  const file = await readFile(join(directory, name));
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const answers: GatedMirror['answers'][number][] = [];
  const held = new Set<ServerResponse>();

  async function answer(response: ServerResponse, content: Buffer, start: number, end: number) {
    const served = { start, end, sent: 0 };
    answers.push(served);
    const sendUpTo = (stop: number) => {
      const at = start + served.sent;
      if (stop <= at) return;
      served.sent = stop - start;
      response.write(alter(content.subarray(at, stop), at));
    };
    // A short one is of what was asked for out of turn.
    const isShort = end - start <= 2 ** 20 && start > 0;
    if (end > gateAt && (!isShort || start <= gateAt)) {
      sendUpTo(gateAt);
      held.add(response);
      await opened;
      held.delete(response);
      if (response.destroyed) return;
    }
    sendUpTo(end);
    response.end();
  }

  const server = createServer((request, response) => {
    const status = statusOf();
    if (status !== undefined) {
      response.writeHead(status).end();
      return;
    }
    const content = contentOf(file, answers.length + 1);
    const etag = etagOf(answers.length + 1);
    const { range = '', 'if-range': ifRange = etag } = request.headers;
    const match = ranges && ifRange === etag ? /^bytes=(\d+)-(\d*)$/.exec(range) : null;
    const start = match ? Number(match[1]) : 0;
    const end = match?.[2] ? Number(match[2]) + 1 : content.length;
    response.on('error', () => {});
    response.writeHead(match ? 206 : 200, {
      etag,
      'content-length': end - start,
      ...(ranges && { 'accept-ranges': 'bytes' }),
      ...(match && { 'content-range': `bytes ${start}-${end - 1}/${content.length}` }),
    });
    void answer(response, content, start, end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`,
    answers,
    open,
    breakOff() {
      for (const response of held) response.destroy();
    },
    async [Symbol.asyncDispose]() {
      open();
      server.close();
      server.closeAllConnections();
    },
  };
}
