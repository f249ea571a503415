/*
 * The part of the Network Block Device protocol that reading a disk takes, and serving one that is read: fixed newstyle
 * handshake, structured replies, block status. Numbers are those of https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 */

export const magic = {
  server: 0x4e42444d41474943n,
  option: 0x49484156454f5054n,
  optionReply: 0x3e889045565a9n,
  request: 0x25609513,
  structuredReply: 0x668e33ef,
} as const;

export const handshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const;
export const option = { abort: 2, info: 6, go: 7, structuredReply: 8, setMetaContext: 10 } as const;
export const optionReply = {
  ack: 1,
  info: 3,
  metaContext: 4,
  errorBit: 0x80000000,
  unsupported: 0x80000001,
} as const;
export const info = { export: 0 } as const;
export const command = { read: 0, disconnect: 2, blockStatus: 7 } as const;
export const chunk = {
  none: 0,
  offsetData: 1,
  offsetHole: 2,
  blockStatus: 5,
  error: 0x8001,
  errorBit: 0x8000,
} as const;
export const chunkFlag = { done: 1 } as const;
/** NBD_EIO. */
export const inputOutputError = 5;

export const context = {
  /** Whether a run reads as zeros. */
  allocation: 'base:allocation',
  /** In which file of a backing chain a run is: 0 where it was never written. Of qemu-nbd alone, where it is told to. */
  depth: 'qemu:allocation-depth',
} as const;

/** base:allocation: the run reads as zeros. */
export const stateZero = 2;
/** qemu:allocation-depth: no file of the chain has the run. */
export const unallocated = 0;

export function optionRequest(code: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(magic.option, 0);
  head.writeUInt32BE(code, 8);
  head.writeUInt32BE(data.length, 12);
  return Buffer.concat([head, data]);
}

/** NBD_OPT_GO for the default export, without further information requests. */
export function goData(): Buffer {
  return Buffer.alloc(4 + 2);
}

/** Of the default export, whose name is empty. */
export function metaContextData(contexts: readonly string[]): Buffer {
  const uint32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const queries = contexts.map((name) => Buffer.concat([uint32(name.length), Buffer.from(name)]));
  return Buffer.concat([uint32(0), uint32(queries.length), ...queries]);
}

export function request({
  type,
  cookie,
  offset,
  length,
}: {
  readonly type: number;
  readonly cookie: bigint;
  readonly offset: number;
  readonly length: number;
}): Buffer {
  const head = Buffer.alloc(28);
  head.writeUInt32BE(magic.request, 0);
  head.writeUInt16BE(0, 4);
  head.writeUInt16BE(type, 6);
  head.writeBigUInt64BE(cookie, 8);
  head.writeBigUInt64BE(BigInt(offset), 16);
  head.writeUInt32BE(length, 24);
  return head;
}

/** What a server says first. */
export function greeting(): Buffer {
  const bytes = Buffer.alloc(18);
  bytes.writeBigUInt64BE(magic.server, 0);
  bytes.writeBigUInt64BE(magic.option, 8);
  bytes.writeUInt16BE(handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes, 16);
  return bytes;
}

export function optionAnswer(code: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(20);
  head.writeBigUInt64BE(magic.optionReply, 0);
  head.writeUInt32BE(code, 8);
  head.writeUInt32BE(type, 12);
  head.writeUInt32BE(data.length, 16);
  return Buffer.concat([head, data]);
}

/** Transmission flags: there are flags, and nothing can be written. */
const readOnly = 3;

/** NBD_INFO_EXPORT. */
export function exportInfo(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(info.export, 0);
  bytes.writeBigUInt64BE(BigInt(sizeBytes), 2);
  bytes.writeUInt16BE(readOnly, 10);
  return bytes;
}

/** What is in front of a chunk's data, of so many bytes. */
function chunkHead(type: number, { cookie, length, isLast }: ChunkOptions & { readonly length: number }) {
  const head = Buffer.alloc(20);
  head.writeUInt32BE(magic.structuredReply, 0);
  head.writeUInt16BE(isLast ? chunkFlag.done : 0, 4);
  head.writeUInt16BE(type, 6);
  head.writeBigUInt64BE(cookie, 8);
  head.writeUInt32BE(length, 16);
  return head;
}

interface ChunkOptions {
  readonly cookie: bigint;
  readonly isLast: boolean;
}

/** Bytes of a read, in two buffers. */
export function dataChunk(
  { offset, bytes }: { readonly offset: number; readonly bytes: Buffer },
  options: ChunkOptions,
): [head: Buffer, data: Buffer] {
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(offset));
  const head = chunkHead(chunk.offsetData, { ...options, length: at.length + bytes.length });
  return [Buffer.concat([head, at]), bytes];
}

/** Zeros of a read. */
export function holeChunk(
  { offset, length }: { readonly offset: number; readonly length: number },
  options: ChunkOptions,
): Buffer {
  const data = Buffer.alloc(12);
  data.writeBigUInt64BE(BigInt(offset), 0);
  data.writeUInt32BE(length, 8);
  return Buffer.concat([chunkHead(chunk.offsetHole, { ...options, length: data.length }), data]);
}

/** EINVAL. */
const invalid = 22;

/** Of any request but a read of bytes that are there. */
export function refusalChunk(cookie: bigint): Buffer {
  const data = Buffer.alloc(6);
  data.writeUInt32BE(invalid, 0);
  return Buffer.concat([chunkHead(chunk.error, { cookie, isLast: true, length: data.length }), data]);
}
