import { crc32 } from 'node:zlib';
import { crc32Text } from '@ec2-image/checksum';
import { isLiteral } from '../layout/fill-range.ts';
import type { DiskLayout } from '../layout/layout.ts';
import type { FileRange, MadeRange } from './make-range.ts';

/** What is known of a file at its end: its own bytes that were not placed. */
export type WholeFile = Pick<DiskLayout, 'fileSize' | 'pieces'>;

interface Request {
  readonly range: FileRange;
  readonly buffer: SharedArrayBuffer;
  readonly resolve: (made: MadeRange | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

export type RangeRequests = ReturnType<typeof createRangeRequests>;

/**
 * Ranges of a file whose bytes come from the front: who brings them waits until somebody has asked for where they go, and who asks
 * waits until they have come.
 *
 * @param options.headBytes at the front of the file, known only at the end
 */
export function createRangeRequests({ headBytes }: { readonly headBytes: number }) {
  const waiting = new Set<Request>();
  /** Up to where the file is known, its head apart; in bytes. */
  let position = headBytes;
  let requestedEnd = 0;
  let whole: WholeFile | undefined;
  let failure: { readonly reason: unknown } | undefined;
  let requested = Promise.withResolvers<void>();

  function serve(request: Request): void {
    const { range, buffer, resolve } = request;
    const isKnown = whole !== undefined || (range.end <= position && range.start >= headBytes);
    if (!isKnown) return;
    waiting.delete(request);
    const end = Math.min(range.end, whole?.fileSize ?? range.end);
    if (end <= range.start) {
      resolve(undefined);
      return;
    }
    const bytes = Buffer.from(buffer, 0, end - range.start);
    for (const piece of whole?.pieces({ offset: range.start, length: bytes.length }) ?? [])
      if (isLiteral(piece)) bytes.set(piece.bytes, piece.at);
    resolve({ buffer, bytes, checksum: crc32Text(crc32(bytes)) });
  }

  function advance(to: number): void {
    position = to;
    for (const request of waiting) serve(request);
  }

  async function requestAt(at: number): Promise<Request> {
    for (;;) {
      if (failure) throw failure.reason;
      for (const request of waiting) if (request.range.start <= at && at < request.range.end) return request;
      await requested.promise;
    }
  }

  return {
    /** @throws RangeError of a range that has gone by, or that leaves a gap */
    make(
      range: FileRange,
      { buffer, signal }: { readonly buffer: SharedArrayBuffer; readonly signal?: AbortSignal | undefined },
    ): Promise<MadeRange | undefined> {
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (failure) return Promise.reject(failure.reason);
      if (range.start !== requestedEnd)
        return Promise.reject(new RangeError(`byte ${range.start} instead of ${requestedEnd} of the stream`));
      requestedEnd = range.end;
      if (whole && range.start >= whole.fileSize) return Promise.resolve(undefined);
      new Uint8Array(buffer, 0, range.end - range.start).fill(0);
      return new Promise((resolve, reject) => {
        const onAbort = () => answer(reject, signal?.reason);
        const request: Request = {
          range,
          buffer,
          resolve: (made) => answer(resolve, made),
          reject: (reason) => answer(reject, reason),
        };
        const answer = <T>(end: (value: T) => void, value: T) => {
          waiting.delete(request);
          signal?.removeEventListener('abort', onAbort);
          end(value);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.add(request);
        serve(request);
        requested.resolve();
        requested = Promise.withResolvers();
      });
    },
    /** Puts bytes into the ranges that were asked for; each call continues where the one before ended, or leaves zeros out. */
    async place(at: number, bytes: Uint8Array): Promise<void> {
      advance(at);
      for (let done = 0; done < bytes.length; ) {
        const { range, buffer } = await requestAt(at + done);
        const part = bytes.subarray(done, done + range.end - (at + done));
        new Uint8Array(buffer).set(part, at + done - range.start);
        done += part.length;
        advance(at + done);
      }
    },
    /** All bytes have come, and the whole file is known. */
    end(file: WholeFile): void {
      whole = file;
      for (const request of waiting) serve(request);
    },
    fail(reason: unknown): void {
      failure ??= { reason };
      for (const request of waiting) request.reject(reason);
      requested.resolve();
    },
  };
}
