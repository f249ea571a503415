import type { FileRange, MadeRange } from './make-range.ts';
import { createRangeRequests, type RangeRequests, type WholeFile } from './range-requests.ts';

/** A file that is never written, and comes front to back, but for its head, which follows from all of it. */
export interface StreamedFile {
  /** What it will not exceed, in bytes. */
  readonly maxSize: number;
  /** Of the head, in bytes: ranges that have a part of it wait for the end of the stream. */
  readonly headBytes: number;
  /**
   * Makes a range of the file once enough of the disk has come. Ranges are asked for from the front, without gaps, those of the
   * head and another at once at least: the stream waits until somebody has asked for what it brings. The first one begins a new
   * reading, which ends the one before.
   *
   * @param options.buffer at least as long as the range: its content is lost, and it is given back
   * @returns what of the range the file has, undefined where the file ends before it
   * @throws what the stream throws; RangeError of a range that has gone by
   */
  make(
    range: FileRange,
    options: { readonly buffer: SharedArrayBuffer; readonly signal?: AbortSignal },
  ): Promise<MadeRange | undefined>;
}

export interface StreamFileOptions<Whole extends WholeFile>
  extends Pick<StreamedFile, 'maxSize' | 'headBytes'> {
  /** Brings all of the file, in order; zeros may be left out. */
  readonly read: (options: {
    readonly place: RangeRequests['place'];
    readonly signal: AbortSignal;
  }) => Promise<Whole>;
}

export interface OpenStreamedFile<Whole> extends StreamedFile, AsyncDisposable {
  /** What the last reading has ended with. */
  whole(): Promise<Whole>;
}

export function streamFile<Whole extends WholeFile>(
  options: StreamFileOptions<Whole>,
): OpenStreamedFile<Whole> {
  const { maxSize, headBytes } = options;
  let reading: Reading<Whole> | undefined;
  return {
    maxSize,
    headBytes,
    make(range, given) {
      if (!reading || range.start === 0) reading = startReading(options, reading?.stop());
      return reading.requests.make(range, given);
    },
    whole: () => reading!.ended,
    [Symbol.asyncDispose]: async () => reading?.stop(),
  };
}

interface Reading<Whole> {
  readonly requests: RangeRequests;
  readonly ended: Promise<Whole>;
  stop(): Promise<void>;
}

function startReading<Whole extends WholeFile>(
  { headBytes, read }: StreamFileOptions<Whole>,
  before: Promise<void> | undefined,
): Reading<Whole> {
  const stop = new AbortController();
  const requests = createRangeRequests({ headBytes });
  const ended = (async () => {
    await before;
    const whole = await read({ place: requests.place, signal: stop.signal });
    requests.end(whole);
    return whole;
  })();
  ended.catch(requests.fail);
  return {
    requests,
    ended,
    async stop() {
      const reason = new DOMException('the reading has ended', 'AbortError');
      stop.abort(reason);
      requests.fail(reason);
      await Promise.allSettled([ended]);
    },
  };
}
