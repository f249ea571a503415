import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ByteSource } from '@ec2-image/image-headers';
import { nbdFailed } from '../errors.ts';
import * as nbd from './protocol.ts';
import { makeSocketDirectory } from './socket-directory.ts';

/** Bytes on a Unix socket of their own, for programs to read as they would a file. */
export interface ServedBytes extends AsyncDisposable {
  readonly socketPath: string;
}

/** What is served, a file of which much may be zeros. */
export interface ServedSource extends ByteSource {
  /**
   * What of a range may be anything but zeros: in order, without overlap, within it; `at` from the beginning of the file. Where
   * there is none, all that `read` reads.
   */
  pieces?(start: number, length: number): Iterable<ServedPiece>;
}

export interface ServedPiece {
  readonly at: number;
  readonly bytes: Buffer;
}

/** QEMU's own limit of a read. */
const maxReadBytes = 32 * 2 ** 20;
/** Of the data of an option: a name, at most. */
const maxOptionBytes = 8 * 1024;

/** Serves a file that is nowhere, read-only, by the NBD protocol with structured replies, which QEMU has asked for since 2.11. */
export async function serveBytes(source: ServedSource): Promise<ServedBytes> {
  const directory = await makeSocketDirectory();
  const socketPath = join(directory, 'socket');
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Whoever reads is told by the connection's end that something went wrong.
    pipeline(socket, (received) => conversation(received, source), socket).catch(() => socket.destroy());
  });
  const dispose = async () => {
    for (const socket of sockets) socket.destroy();
    await closed(server);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await new Promise<void>((listening, reject) => {
      server.once('error', reject);
      server.listen(socketPath, listening);
    });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { socketPath, [Symbol.asyncDispose]: dispose };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** What is sent in answer to what is received. */
async function* conversation(received: AsyncIterable<Buffer>, source: ServedSource): AsyncGenerator<Buffer> {
  const read = exactReader(received);
  yield nbd.greeting();
  await read(4);
  if (yield* negotiate(read, source.size)) yield* answers(read, source);
}

type Read = (length: number) => Promise<Buffer>;

/** @returns whether the client is to be served */
async function* negotiate(read: Read, sizeBytes: number): AsyncGenerator<Buffer, boolean> {
  let isStructured = false;
  for (;;) {
    const head = await read(16);
    const length = head.readUInt32BE(12);
    if (head.readBigUInt64BE(0) !== nbd.magic.option || length > maxOptionBytes)
      throw nbdFailed('a malformed option');
    await read(length);
    const code = head.readUInt32BE(8);
    if (code === nbd.option.abort) {
      yield nbd.optionAnswer(code, nbd.optionReply.ack);
      return false;
    }
    if (code === nbd.option.structuredReply) {
      isStructured = true;
      yield nbd.optionAnswer(code, nbd.optionReply.ack);
      continue;
    }
    if (!isStructured || (code !== nbd.option.go && code !== nbd.option.info)) {
      yield nbd.optionAnswer(code, nbd.optionReply.unsupported);
      continue;
    }
    yield nbd.optionAnswer(code, nbd.optionReply.info, nbd.exportInfo(sizeBytes));
    yield nbd.optionAnswer(code, nbd.optionReply.ack);
    if (code === nbd.option.go) return true;
  }
}

async function* answers(read: Read, source: ServedSource): AsyncGenerator<Buffer> {
  for (;;) {
    const head = await read(28);
    if (head.readUInt32BE(0) !== nbd.magic.request) throw nbdFailed('a malformed request');
    const type = head.readUInt16BE(6);
    const cookie = head.readBigUInt64BE(8);
    const offset = Number(head.readBigUInt64BE(16));
    const length = head.readUInt32BE(24);
    if (type === nbd.command.disconnect) return;
    const isRead = type === nbd.command.read && length <= maxReadBytes && offset + length <= source.size;
    if (!isRead) {
      yield nbd.refusalChunk(cookie);
      continue;
    }
    const pieces = source.pieces?.(offset, length) ?? [
      { at: offset, bytes: await source.read(offset, length) },
    ];
    yield* chunks(pieces, { cookie, offset, length });
  }
}

/** Small ones are sent together. */
const togetherBytes = 64 * 1024;

function* chunks(
  pieces: Iterable<ServedPiece>,
  { cookie, offset, length }: { readonly cookie: bigint; readonly offset: number; readonly length: number },
): Generator<Buffer> {
  const end = offset + length;
  let position = offset;
  let together: Buffer[] = [];
  const hole = (to: number) =>
    nbd.holeChunk({ offset: position, length: to - position }, { cookie, isLast: to === end });
  for (const { at, bytes } of pieces) {
    if (at > position) together.push(hole(at));
    position = at + bytes.length;
    const [head, data] = nbd.dataChunk({ offset: at, bytes }, { cookie, isLast: position === end });
    together.push(head, data);
    if (data.length < togetherBytes) continue;
    yield* together;
    together = [];
  }
  if (position < end) together.push(hole(end));
  if (together.length > 0) yield Buffer.concat(together);
}

/** Reads exact lengths, one after the other. */
function exactReader(received: AsyncIterable<Buffer>): Read {
  const chunks = received[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async (length) => {
    while (rest.length < length) {
      const { value, done } = await chunks.next();
      if (done) throw nbdFailed('no more data: it closed the connection');
      rest = Buffer.concat([rest, value]);
    }
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
}
