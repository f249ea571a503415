import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { corruptCompression, truncatedCompression } from './errors.ts';
import { createInput, type Input } from './input.ts';
import { createMemberReader, outputChunkBytes } from './member.ts';

export interface GunzipOptions {
  readonly signal?: AbortSignal;
  readonly onNotice?: (message: string) => void;
}

/**
 * Gzip files may be made of many members (RFC 1952, 2.2). Bytes behind the last one that begin no other are left out,
 * as gunzip does it: zeros in silence, others with a notice. Firmware has its signature there.
 */
export async function* gunzip(
  source: AsyncIterable<Buffer>,
  { signal, onNotice }: GunzipOptions,
): AsyncGenerator<Buffer> {
  await using input = createInput(source, signal);
  const decodeDeflated = createMemberReader(input, {
    createStream: () => createInflateRaw({ chunkSize: outputChunkBytes }),
    decodeSync: inflateRawSync,
  });
  try {
    for (let members = 0; members === 0 || (await startsMember(input)); members++) {
      await skipHeader(input);
      let [checksum, size] = [0, 0];
      for await (const chunk of decodeDeflated()) {
        checksum = crc32(chunk, checksum);
        size = (size + chunk.length) % 2 ** 32;
        yield chunk;
      }
      await checkTrailer(input, { checksum, size });
    }
    await skipRest(input, onNotice);
  } catch (error) {
    signal?.throwIfAborted();
    throw explain(error);
  }
}

async function startsMember(input: Input): Promise<boolean> {
  const head = await input.peek(2);
  return head[0] === 0x1f && head[1] === 0x8b;
}

const flag = { headerChecksum: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };
const fixedHeaderBytes = 10;
const deflate = 8;

/** RFC 1952, 2.3. */
async function skipHeader(input: Input): Promise<void> {
  if (!(await startsMember(input))) throw corruptCompression('gzip', 'incorrect header');
  const head = await need(input, fixedHeaderBytes);
  const flags = head[3]!;
  if (head[2] !== deflate) throw corruptCompression('gzip', `unknown compression method ${head[2]}`);
  if (flags & flag.reserved) throw corruptCompression('gzip', 'unknown header flags');
  let length = fixedHeaderBytes;
  if (flags & flag.extra) length += 2 + (await need(input, length + 2)).readUInt16LE(length);
  for (const text of [flag.name, flag.comment]) if (flags & text) length = await endOfText(input, length);
  if (flags & flag.headerChecksum) {
    const header = await need(input, length + 2);
    if (header.readUInt16LE(length) !== (crc32(header.subarray(0, length)) & 0xffff)) {
      throw corruptCompression('gzip', 'incorrect header checksum');
    }
    length += 2;
  }
  await need(input, length);
  input.skip(length);
}

/** A file name and a comment are of any length; more than this of them is there to take memory. */
const maxHeaderTextBytes = 64 * 1024;

/** Where the text that begins at `start` has ended, by its zero. */
async function endOfText(input: Input, start: number): Promise<number> {
  for (let length = start + 1; ; ) {
    const bytes = await need(input, length);
    const end = bytes.indexOf(0, start);
    if (end >= 0) return end + 1;
    if (bytes.length - start > maxHeaderTextBytes) {
      throw corruptCompression('gzip', `a name or comment of more than ${maxHeaderTextBytes} bytes`);
    }
    length = bytes.length + 1;
  }
}

const trailerBytes = 8;

async function checkTrailer(
  input: Input,
  { checksum, size }: { readonly checksum: number; readonly size: number },
): Promise<void> {
  const trailer = await need(input, trailerBytes);
  if (trailer.readUInt32LE(0) !== checksum) throw corruptCompression('gzip', 'incorrect data checksum');
  if (trailer.readUInt32LE(4) !== size) throw corruptCompression('gzip', 'incorrect data length');
  input.skip(trailerBytes);
}

async function need(input: Input, length: number): Promise<Buffer> {
  const bytes = await input.peek(length);
  if (bytes.length < length) throw truncatedCompression('gzip');
  return bytes;
}

/** To the end: whoever hashes the source needs all of it. */
async function skipRest(input: Input, onNotice?: (message: string) => void): Promise<void> {
  let [length, isZero] = [0, true];
  for (let rest = await input.peek(1); rest.length > 0; rest = await input.peek(1)) {
    length += rest.length;
    isZero &&= rest.every((byte) => byte === 0);
    input.skip(rest.length);
  }
  if (!isZero) onNotice?.(`ignoring ${length} bytes behind the end of the gzip data`);
}

function explain(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'Z_BUF_ERROR') return truncatedCompression('gzip', error);
  return code?.startsWith('Z_') ? corruptCompression('gzip', message ?? code, error) : error;
}
