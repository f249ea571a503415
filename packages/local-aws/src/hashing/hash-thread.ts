import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { createDigester, type Digester } from './digester.ts';
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
    if (piece) take(digester, piece, fd);
    return isLast ? { digests: digester.digests() } : {};
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { failure: { message, ...(code !== undefined && { code }) } };
  }
}

/** So much stays in a core's own memory from the hashing to the writing, which takes a fraction of the time then. */
const sliceBytes = 128 * 1024;

function take(
  digester: Digester,
  { buffer, length }: NonNullable<Request['piece']>,
  fd: number | undefined,
): void {
  for (let at = 0; at < length; at += sliceBytes) {
    const slice = new Uint8Array(buffer, at, Math.min(sliceBytes, length - at));
    digester.update(slice);
    for (let written = 0; fd !== undefined && written < slice.length; )
      written += writeSync(fd, slice, written);
  }
}
