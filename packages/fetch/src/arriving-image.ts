import { setMaxListeners } from 'node:events';
import type { Extent } from './extents.ts';

/**
 * A download in progress, to be read while it arrives, or a local file that is still being hashed. Nothing of it is verified before `fetchImage` resolves: what was made of
 * it until then must not be used otherwise. A byte that has arrived stays as it is until `discarded` aborts.
 */
export interface ArrivingImage {
  /** Where the file is by now: once it is complete and verified, it gets another name. */
  readonly path: string;
  /** Of the complete file, in bytes, as the server says. */
  readonly size: number;
  /** It is the user's own file, which others may write to. */
  readonly isLocal: boolean;
  /**
   * Resolves once the range is in the file.
   *
   * @throws the reason of `discarded`, or of the signal
   */
  arrived(range: FileRange, signal?: AbortSignal): Promise<void>;
  /** Has a short range that is far ahead fetched out of turn, where the server offers ranges. */
  hurry(range: FileRange): void;
  /** Aborts when what has arrived is discarded: the file changed, its digest is wrong, or the download failed. */
  readonly discarded: AbortSignal;
}

/** In bytes. */
interface FileRange {
  readonly offset: number;
  readonly length: number;
}

interface Wait extends Extent {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Tells whoever reads a file that is being downloaded what of it is there. */
export class Arrivals {
  readonly image: ArrivingImage;
  #path: string;
  readonly #discarded = new AbortController();
  readonly #waits = new Set<Wait>();
  #extents: readonly Extent[] = [];
  #hurried: readonly Extent[] = [];
  #onHurry: ((extent: Extent) => void) | undefined;

  constructor({
    path,
    size,
    isLocal = false,
  }: Pick<ArrivingImage, 'path' | 'size'> & { readonly isLocal?: boolean }) {
    setMaxListeners(0, this.#discarded.signal);
    this.#path = path;
    const currentPath = () => this.#path;
    this.image = {
      get path() {
        return currentPath();
      },
      size,
      isLocal,
      discarded: this.#discarded.signal,
      arrived: (range, signal) => this.#arrived(within(range, size), signal),
      hurry: (range) => {
        const extent = within(range, size);
        if (this.#holds(extent)) return;
        this.#hurried = [...this.#hurried.filter((each) => !this.#holds(each)), extent];
        this.#onHurry?.(extent);
      },
    };
  }

  /** Who is told of each range that is wanted out of turn, those included that an earlier one was told of and that have not come. */
  onHurry(fetch: ((extent: Extent) => void) | undefined): void {
    this.#onHurry = fetch;
    if (fetch) for (const extent of this.#hurried.filter((each) => !this.#holds(each))) fetch(extent);
  }

  /** The file has this name now. */
  rename(path: string): void {
    this.#path = path;
  }

  /** These ranges are in the file now. */
  advance(extents: readonly Extent[]): void {
    this.#extents = extents;
    for (const wait of this.#waits) if (this.#holds(wait)) wait.resolve();
  }

  discard(reason: unknown): void {
    this.#discarded.abort(reason);
    for (const wait of this.#waits) wait.reject(reason);
  }

  async #arrived(extent: Extent, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    this.#discarded.signal.throwIfAborted();
    if (this.#holds(extent)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wait = { ...extent, resolve, reject };
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#waits.add(wait);
    try {
      await promise;
    } finally {
      this.#waits.delete(wait);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #holds({ start, end }: Extent): boolean {
    return start >= end || this.#extents.some((extent) => extent.start <= start && extent.end >= end);
  }
}

function within({ offset, length }: FileRange, size: number): Extent {
  return { start: offset, end: Math.min(offset + length, size) };
}
