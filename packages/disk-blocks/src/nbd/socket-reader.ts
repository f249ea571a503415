import { createConnection, type Socket } from 'node:net';
import { nbdFailed } from '../errors.ts';

/** Reads exact lengths from a socket, one after the other. */
export interface SocketReader {
  read(length: number): Promise<Buffer>;
  readInto(target: Buffer): Promise<void>;
}

/** A little more than a Unix socket buffers. */
const receiveBytes = 256 * 1024;

/**
 * Starts to connect to a Unix socket. All data is received into one reused buffer: new ones for gigabytes would cost a
 * quarter of the time in memory and garbage collection.
 */
export function openSocket(path: string): { readonly socket: Socket; readonly reader: SocketReader } {
  const received = Buffer.allocUnsafeSlow(receiveBytes);
  // Received and not yet read.
  let from = 0;
  let to = 0;
  let wanted: { target: Buffer; filled: number; resolve(): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;

  const fill = () => {
    while (wanted && from < to) {
      const copied = received.copy(wanted.target, wanted.filled, from, to);
      from += copied;
      wanted.filled += copied;
      if (wanted.filled < wanted.target.length) return;
      const { resolve } = wanted;
      wanted = undefined;
      resolve();
    }
  };
  const socket = createConnection({
    path,
    onread: {
      buffer: received,
      callback(length) {
        from = 0;
        to = length;
        fill();
        // Pauses the socket while the buffer holds unread bytes.
        return from === to;
      },
    },
  });
  const fail = (error: Error) => {
    failure ??= error;
    wanted?.reject(failure);
    wanted = undefined;
  };
  socket.on('error', ({ message }) => fail(nbdFailed(`no more data: ${message}`)));
  socket.on('close', () => fail(nbdFailed('no more data: it closed the connection')));

  const readInto = (target: Buffer) =>
    new Promise<void>((resolve, reject) => {
      if (target.length === 0) return resolve();
      wanted = { target, filled: 0, resolve, reject };
      const wasPaused = from < to;
      fill();
      if (wanted && failure) fail(failure);
      else if (wasPaused && from === to) socket.resume();
    });
  return {
    socket,
    reader: {
      readInto,
      async read(length) {
        const target = Buffer.allocUnsafe(length);
        await readInto(target);
        return target;
      },
    },
  };
}
