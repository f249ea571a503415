import { parentPort } from 'node:worker_threads';
import { createDigester, type Digester } from './digester.ts';
import type { Answer, Request } from './messages.ts';

/** A thread's program: computes the digests of several bodies whose pieces come in turn. Each request but the last word on a body that is given up has one answer. */
const port = parentPort;
if (!port) throw new Error('hash-thread runs as a worker thread');
const bodies = new Map<number, Digester>();

port.on('message', ({ body, wanted, piece, isLast = false, isGivenUp = false }: Request) => {
  if (isGivenUp) {
    bodies.delete(body);
    return;
  }
  if (wanted) bodies.set(body, createDigester(wanted));
  const digester = bodies.get(body)!;
  if (piece) digester.update(new Uint8Array(piece.buffer, 0, piece.length));
  if (isLast) bodies.delete(body);
  port.postMessage((isLast ? digester.digests() : undefined) satisfies Answer);
});
