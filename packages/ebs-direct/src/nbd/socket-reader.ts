import type { Socket } from 'node:net';
import { nbdFailed } from '../errors.ts';

/** Reads exact lengths from a socket, straight into the buffer that wants them. */
export interface SocketReader {
  read(length: number): Promise<Buffer>;
  readInto(target: Buffer): Promise<void>;
}

export function createSocketReader(socket: Socket): SocketReader {
  let pending: { target: Buffer; filled: number; resolve(): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  const pump = () => {
    while (pending) {
      const wanted = pending.target.length - pending.filled;
      const got =
        (socket.read(Math.min(wanted, socket.readableLength || wanted)) as Buffer | null) ?? undefined;
      if (!got) break;
      got.copy(pending.target, pending.filled);
      pending.filled += got.length;
      if (pending.filled === pending.target.length) {
        const { resolve } = pending;
        pending = undefined;
        resolve();
      }
    }
  };
  const fail = (error: Error) => {
    failure ??= error;
    pending?.reject(failure);
    pending = undefined;
  };
  socket.on('readable', pump);
  socket.on('error', fail);
  socket.on('close', () => fail(nbdFailed('no more: it closed the connection')));
  const readInto = (target: Buffer) =>
    new Promise<void>((resolve, reject) => {
      if (target.length === 0) return resolve();
      if (failure) return reject(failure);
      pending = { target, filled: 0, resolve, reject };
      pump();
    });
  return {
    readInto,
    async read(length) {
      const target = Buffer.allocUnsafe(length);
      await readInto(target);
      return target;
    },
  };
}
