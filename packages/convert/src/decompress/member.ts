import { once } from 'node:events';
import type { Transform } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Input } from './input.ts';

/** zlib's own 16 KiB would cost a turn of the event loop each. */
export const outputChunkBytes = 256 * 1024;

/** What Node has for one compression. Its decoders stop behind the first member, and tell how much they took. */
export interface MemberDecoder {
  createStream(): Transform & { readonly bytesWritten: number };
  decodeSync(bytes: Buffer, options: { info: true; maxOutputLength: number }): unknown;
}

/** What Node's functions return with `info`, which its types leave out. */
interface SyncResult {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Decodes members one after another, each to its own end. Those that are whole in the bytes at hand are decoded
 * without a stream, which would cost a millisecond and more each: a file may be made of a hundred thousand.
 */
export function createMemberReader(input: Input, decoder: MemberDecoder) {
  let sinceTurn = 0;
  return async function* decodeMember(): AsyncGenerator<Buffer> {
    const whole = decodeWhole(await input.peek(1), decoder);
    if (!whole) {
      yield* decodeStream(input, decoder);
      return;
    }
    input.skip(whole.engine.bytesWritten);
    if (whole.buffer.length > 0) yield whole.buffer;
    // Or nothing else would get a turn, Ctrl-C included.
    if (++sinceTurn % membersInOneTurn === 0) await setImmediate();
  };
}

const membersInOneTurn = 256;
/** What a member may give that is decoded at once, in bytes. */
const maxAtOnceBytes = 1024 ** 2;

/** Undefined where the member is not whole, is large, or is damaged: the stream tells which. */
function decodeWhole(bytes: Buffer, decoder: MemberDecoder): SyncResult | undefined {
  try {
    return decoder.decodeSync(bytes, { info: true, maxOutputLength: maxAtOnceBytes }) as SyncResult;
  } catch {
    return undefined;
  }
}

async function* decodeStream(input: Input, { createStream }: MemberDecoder): AsyncGenerator<Buffer> {
  const stream = createStream();
  const fed = feed(stream, input);
  fed.catch((error: Error) => stream.destroy(error));
  try {
    yield* stream as AsyncIterable<Buffer>;
    await fed;
  } finally {
    stream.destroy();
  }
}

/** Writes until the input or the member ends. */
async function feed(stream: ReturnType<MemberDecoder['createStream']>, input: Input): Promise<void> {
  const closed = once(stream, 'close');
  closed.catch(() => {});
  for (let chunk = await input.peek(1); chunk.length > 0; chunk = await input.peek(1)) {
    const takenBefore = stream.bytesWritten;
    const written = new Promise<void>((resolve) => stream.write(chunk, () => resolve()));
    await Promise.race([written, closed]);
    // A decoder takes all of a chunk, unless its member ends within it.
    const taken = stream.bytesWritten - takenBefore;
    input.skip(taken);
    if (taken < chunk.length) return;
  }
  stream.end();
}
