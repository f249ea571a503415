import { truncated } from './errors.ts';

/** Where a header is read from: a file, an object in a store, a buffer in a test. */
export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /** The bytes from `offset` on: `length` of them, fewer only where the source ends. */
  read(offset: number, length: number): Promise<Buffer>;
}

export function bufferSource(buffer: Buffer): ByteSource {
  return {
    size: buffer.length,
    read: async (offset, length) => buffer.subarray(offset, offset + length),
  };
}

/** A stretch of another source; what would reach beyond it is cut. */
export function rangeSource(
  source: ByteSource,
  { offset: start, size }: { readonly offset: number; readonly size: number },
): ByteSource {
  return {
    size,
    async read(offset, length) {
      const end = Math.min(offset + length, size);
      return end <= offset ? Buffer.alloc(0) : source.read(start + offset, end - offset);
    },
  };
}

/** The part of `node:fs/promises`' FileHandle that is needed. */
export interface ReadableHandle {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

export function fileSource(handle: ReadableHandle, size: number): ByteSource {
  return {
    size,
    async read(offset, length) {
      const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
  };
}

export interface Span {
  /** A number as it stands in a header: nothing is known of it yet. */
  readonly offset: bigint | number;
  readonly length: bigint | number;
  /** For the message: `the L1 table`. */
  readonly what: string;
}

/** Whether the span lies inside the source, whatever its numbers are. */
export function isInside(source: ByteSource, { offset, length }: Omit<Span, 'what'>): boolean {
  const start = BigInt(offset);
  const extent = BigInt(length);
  return start >= 0n && extent >= 0n && start + extent <= BigInt(source.size);
}

/** @throws ImageHeaderError `TRUNCATED_IMAGE` where the span does not lie inside the source */
export function requireInside(source: ByteSource, { offset, length, what }: Span): void {
  if (isInside(source, { offset, length })) return;
  throw truncated(
    `${what} would lie at bytes ${offset} to ${BigInt(offset) + BigInt(length)}, but the file has ${source.size} bytes`,
    { offset: String(offset), length: String(length), fileSize: source.size },
  );
}

/**
 * All bytes of a span that a header names.
 *
 * @throws ImageHeaderError `TRUNCATED_IMAGE`
 */
export async function readSpan(source: ByteSource, span: Span): Promise<Buffer> {
  requireInside(source, span);
  const bytes = await source.read(Number(span.offset), Number(span.length));
  if (bytes.length < Number(span.length)) {
    throw truncated(`${span.what} ends after ${bytes.length} of ${span.length} bytes`, {
      fileSize: source.size,
    });
  }
  return bytes;
}
