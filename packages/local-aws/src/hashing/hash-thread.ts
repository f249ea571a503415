import { parentPort } from 'node:worker_threads';
import { createDigester, type Digester } from './digester.ts';
import { hashAndWrite } from './hash-and-write.ts';
import type { Answer, Request } from './messages.ts';

/**
 * A thread's program: hashes several bodies whose pieces come in turn, and writes them to files. Each request but the last word
 * on a body that is given up has one answer.
 */
const port = parentPort;
if (!port) throw new Error('hash-thread runs as a worker thread');
const bodies = new Map<number, Digester>();

port.on('message', (request: Request) => {
  if (request.isGivenUp) bodies.delete(request.body);
  else port.postMessage(answer(request));
});

function answer({ body, wanted, piece, fd, isLast = false }: Request): Answer {
  if (wanted) bodies.set(body, createDigester(wanted));
  const digester = bodies.get(body)!;
  if (isLast) bodies.delete(body);
  try {
    if (piece) hashAndWrite(digester, new Uint8Array(piece.buffer, 0, piece.length), fd);
    return isLast ? { digests: digester.digests() } : {};
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { failure: { message, ...(code !== undefined && { code }) } };
  }
}
