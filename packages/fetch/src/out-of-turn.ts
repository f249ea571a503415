import type { Extent } from './extents.ts';
import type { PartialFile } from './partial-file.ts';

/** What is nearer than this comes soon enough by itself. */
const aheadBytes = 4 * 2 ** 20;
/** The largest cluster of a qcow2, and so its largest table. */
const maxBytes = 2 * 2 ** 20;
/** The tables of a disk of 512 GiB; a larger one has to wait for the rest. */
const maxRequests = 1024;

/**
 * Runs a download, and fetches beside it, one at a time, what a reader of the file wants out of turn: the tables of an image may be
 * at its end, and say what all of it is. A request that fails is the last one; what it was for comes in its turn.
 */
export async function whileServing(
  {
    file,
    fetch,
    signal,
  }: {
    readonly file: PartialFile;
    readonly fetch: (extent: Extent, signal: AbortSignal) => Promise<void>;
    readonly signal?: AbortSignal;
  },
  download: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const until = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  let requests = 0;
  let last = Promise.resolve();
  const next = async (extent: Extent) => {
    const front = file.missing()[0]?.start ?? 0;
    if (until.aborted || requests >= maxRequests || extent.start < front + aheadBytes) return;
    requests += 1;
    try {
      for (const gap of file.missing(extent)) await fetch(gap, until);
    } catch {
      stop.abort();
    }
  };
  file.onHurry((extent) => {
    if (extent.end - extent.start <= maxBytes) last = last.then(() => next(extent));
  });
  try {
    await download();
  } finally {
    file.onHurry(undefined);
    stop.abort();
    // No writer may be at work when the file is complete, or reset.
    await last;
  }
}
