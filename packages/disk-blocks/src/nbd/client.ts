import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fillWithZeros } from '../block.ts';
import type { Extent } from '../disk.ts';
import { dataUnreadable, nbdFailed as failed } from '../errors.ts';
import * as nbd from './protocol.ts';
import { openSocket, type SocketReader } from './socket-reader.ts';

export interface NbdClient {
  readonly sizeBytes: number;
  /** Several may run at a time. */
  readInto(buffer: Buffer, offset: number): Promise<void>;
  /** Which of the bytes may not be zeros. */
  dataExtents(offset: number, length: number): Promise<Extent[]>;
  /** Which of the bytes were never written. Connect `withAllocation` for it. */
  unallocatedExtents(offset: number, length: number): Promise<Extent[]>;
  close(): void;
}

interface Pending {
  /** What a read fills; a block status has none. */
  readonly target?: Buffer;
  readonly offset: number;
  /** By the id of their context. */
  readonly states: Map<number, RunState[]>;
  resolve(): void;
  reject(error: Error): void;
}

interface RunState {
  readonly length: number;
  /** What it means depends on the context. */
  readonly state: number;
}

export interface ConnectNbdOptions {
  readonly socketPath: string;
  /** The server has to offer `qemu:allocation-depth`. Default false. */
  readonly withAllocation?: boolean;
  readonly signal?: AbortSignal;
}

/** @throws DiskBlocksError `NBD_FAILED`; when it reads also `DATA_UNREADABLE` */
export async function connectNbd({
  socketPath,
  withAllocation = false,
  signal,
}: ConnectNbdOptions): Promise<NbdClient> {
  const { socket, reader } = await connect(socketPath, signal);
  const contexts = [nbd.context.allocation, ...(withAllocation ? [nbd.context.depth] : [])];
  const { sizeBytes, contextIds } = await handshake({
    reader,
    contexts,
    write: (bytes) => socket.write(bytes),
  });
  const pending = new Map<bigint, Pending>();
  let cookie = 0n;
  let failure: Error | undefined;
  let unreadable: Error | undefined;

  const dispatch = async () => {
    for (;;) {
      const head = await reader.read(20);
      if (head.readUInt32BE(0) !== nbd.magic.structuredReply)
        throw failed('an answer that is not a structured reply');
      const flags = head.readUInt16BE(4);
      const entry = pending.get(head.readBigUInt64BE(8));
      if (!entry) throw failed('an answer to no request');
      const error = await readChunk({
        reader,
        entry,
        type: head.readUInt16BE(6),
        length: head.readUInt32BE(16),
      });
      if (error) {
        unreadable ??= error;
        entry.reject(error);
      }
      if (!(flags & nbd.chunkFlag.done)) continue;
      pending.delete(head.readBigUInt64BE(8));
      entry.resolve();
    }
  };
  dispatch().catch((error: Error) => {
    // What qemu-nbd could not read may have made it close the connection: to whoever waits, that is the reason.
    failure = unreadable ?? error;
    for (const entry of pending.values()) entry.reject(failure);
    pending.clear();
    socket.destroy();
  });

  const ask = (
    type: number,
    { offset, length, target }: { offset: number; length: number; target?: Buffer },
  ) =>
    new Promise<Pending>((resolve, reject) => {
      if (failure) return reject(failure);
      cookie += 1n;
      const entry: Pending = { target, offset, states: new Map(), resolve: () => resolve(entry), reject };
      pending.set(cookie, entry);
      socket.write(nbd.request({ type, cookie, offset, length }));
    });
  /** The runs of a range whose state in the context is wanted. */
  const runs = async (
    context: string,
    isWanted: (state: number) => boolean,
    { offset, length }: Extent,
  ): Promise<Extent[]> => {
    const extents: Extent[] = [];
    // The server describes as much of the range as it chooses, at least one run.
    for (let at = offset; at < offset + length; ) {
      const { states } = await ask(nbd.command.blockStatus, { offset: at, length: offset + length - at });
      const described = states.get(contextIds.get(context) ?? -1) ?? [];
      if (described.length === 0) throw failed('an allocation map without a run');
      for (const { length: runLength, state } of described) {
        if (isWanted(state)) extents.push({ offset: at, length: runLength });
        at += runLength;
      }
    }
    return extents;
  };
  return {
    sizeBytes,
    async readInto(buffer, offset) {
      const length = Math.max(0, Math.min(buffer.length, sizeBytes - offset));
      fillWithZeros(buffer, length);
      if (length > 0) await ask(nbd.command.read, { offset, length, target: buffer.subarray(0, length) });
    },
    dataExtents: (offset, length) =>
      runs(nbd.context.allocation, (state) => (state & nbd.stateZero) === 0, { offset, length }),
    unallocatedExtents: (offset, length) =>
      runs(nbd.context.depth, (state) => state === nbd.unallocated, { offset, length }),
    close() {
      failure ??= failed('no more data: the connection is closed');
      if (!socket.destroyed)
        socket.end(nbd.request({ type: nbd.command.disconnect, cookie: 0n, offset: 0, length: 0 }));
    },
  };
}

/** A socket's name exists a moment before qemu-nbd listens on it. */
const refusals = 100;

async function connect(
  socketPath: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly socket: Socket; readonly reader: SocketReader }> {
  for (let refused = 0; ; refused += 1) {
    const opened = openSocket(socketPath);
    const { socket } = opened;
    try {
      await once(socket, 'connect', { signal });
      return opened;
    } catch (error) {
      socket.destroy();
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' || refused >= refusals) throw error;
      await delay(10, undefined, { signal });
    }
  }
}

async function handshake({
  reader,
  contexts,
  write,
}: {
  readonly reader: SocketReader;
  readonly contexts: readonly string[];
  write(bytes: Buffer): void;
}): Promise<{ readonly sizeBytes: number; readonly contextIds: ReadonlyMap<string, number> }> {
  const greeting = await reader.read(18);
  if (greeting.readBigUInt64BE(0) !== nbd.magic.server || greeting.readBigUInt64BE(8) !== nbd.magic.option) {
    throw failed('a greeting that is not NBD');
  }
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(nbd.handshakeFlag.fixedNewstyle | nbd.handshakeFlag.noZeroes, 0);
  write(flags);

  write(nbd.optionRequest(nbd.option.structuredReply));
  await readOptionReplies(reader, () => {});
  const contextIds = new Map<string, number>();
  write(nbd.optionRequest(nbd.option.setMetaContext, nbd.metaContextData(contexts)));
  await readOptionReplies(reader, (type, data) => {
    if (type === nbd.optionReply.metaContext)
      contextIds.set(data.subarray(4).toString(), data.readUInt32BE(0));
  });
  if (!contexts.every((name) => contextIds.has(name))) throw failed('no allocation map');
  let sizeBytes: number | undefined;
  write(nbd.optionRequest(nbd.option.go, nbd.goData()));
  await readOptionReplies(reader, (type, data) => {
    if (type === nbd.optionReply.info && data.readUInt16BE(0) === nbd.info.export)
      sizeBytes = Number(data.readBigUInt64BE(2));
  });
  if (sizeBytes === undefined) throw failed('no size');
  return { sizeBytes, contextIds };
}

async function readOptionReplies(
  reader: SocketReader,
  onReply: (type: number, data: Buffer) => void,
): Promise<void> {
  for (;;) {
    const head = await reader.read(20);
    if (head.readBigUInt64BE(0) !== nbd.magic.optionReply) throw failed('a malformed option reply');
    const type = head.readUInt32BE(12);
    const data = await reader.read(head.readUInt32BE(16));
    if (type >= nbd.optionReply.errorBit) throw failed(`a refusal: ${data.toString() || type.toString(16)}`);
    if (type === nbd.optionReply.ack) return;
    onReply(type, data);
  }
}

async function readChunk({
  reader,
  entry,
  type,
  length,
}: {
  readonly reader: SocketReader;
  readonly entry: Pending;
  readonly type: number;
  readonly length: number;
}): Promise<Error | undefined> {
  if (type & nbd.chunk.errorBit) {
    const data = await reader.read(length);
    const [code, said] = [data.readUInt32BE(0), data.subarray(6, 6 + data.readUInt16BE(4)).toString()];
    if (code === nbd.inputOutputError) return dataUnreadable(`offset ${entry.offset}: ${said}`);
    return failed(`error ${code} at offset ${entry.offset}: ${said}`);
  }
  switch (type) {
    case nbd.chunk.none:
      return undefined;
    case nbd.chunk.offsetData: {
      const at = Number((await reader.read(8)).readBigUInt64BE(0)) - entry.offset;
      const target = entry.target?.subarray(at, at + length - 8);
      if (target?.length !== length - 8) throw failed('data outside the requested range');
      await reader.readInto(target);
      return undefined;
    }
    case nbd.chunk.offsetHole: {
      const data = await reader.read(length);
      const at = Number(data.readBigUInt64BE(0)) - entry.offset;
      const hole = entry.target?.subarray(at, at + data.readUInt32BE(8));
      if (hole?.length !== data.readUInt32BE(8)) throw failed('zeros outside the requested range');
      fillWithZeros(hole);
      return undefined;
    }
    case nbd.chunk.blockStatus: {
      const data = await reader.read(length);
      const states: RunState[] = [];
      for (let at = 4; at + 8 <= data.length; at += 8) {
        const length = data.readUInt32BE(at);
        if (length === 0) throw failed('an empty run');
        states.push({ length, state: data.readUInt32BE(at + 4) });
      }
      entry.states.set(data.readUInt32BE(0), states);
      return undefined;
    }
    default:
      throw failed(`an answer of unknown type ${type}`);
  }
}
