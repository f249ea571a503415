import { FetchError } from './errors.ts';
import { type Extent, extentBytes } from './extents.ts';
import { isFileChanged } from './http-errors.ts';
import type { PartialFile } from './partial-file.ts';
import { pieceQueue } from './piece-queue.ts';
import { endsEverything } from './retry.ts';

interface Job {
  readonly piece: Extent;
  readonly fetch: (signal: AbortSignal) => Promise<void>;
}

/** A connection that received less is not opened again at once: the server probably limits connections. */
const minReceivedBytes = 64 * 1024;

/**
 * Fetches what is missing over several connections at once. A piece that came incomplete goes back to the queue. A connection that
 * breaks after it received something is opened again; one that received next to nothing stays closed, because servers limit how many they
 * grant. The last one's failure is the attempt's.
 */
export async function runConnections({
  connections,
  first,
  missing,
  file,
  fetchPiece,
  signal,
  onNotice,
}: {
  readonly connections: number;
  /** The piece whose answer has begun already. */
  readonly first: Job;
  /** What is to be fetched beside it. */
  readonly missing: readonly Extent[];
  readonly file: PartialFile;
  readonly fetchPiece: (piece: Extent, signal: AbortSignal) => Promise<void>;
  readonly signal?: AbortSignal;
  readonly onNotice?: (message: string) => void;
}): Promise<void> {
  const queue = pieceQueue({ missing, connections });
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  let open = connections;

  const nextJob = (): Job | undefined => {
    const piece = queue.take();
    return piece && { piece, fetch: (abort) => fetchPiece(piece, abort) };
  };
  const work = async (begin: Job | undefined): Promise<void> => {
    for (let job = begin; job; job = nextJob()) {
      try {
        await job.fetch(either);
      } catch (error) {
        if (stop.signal.aborted) return;
        if (open === 1 || isFatal(error)) {
          stop.abort();
          throw error;
        }
        const received = extentBytes([job.piece]) - extentBytes(file.missing(job.piece));
        if (received < minReceivedBytes) {
          open--;
          onNotice?.(
            `${(error as FetchError).message}; continuing over ${open} of ${connections} connections`,
          );
          return;
        }
      } finally {
        file.missing(job.piece).forEach(queue.giveBack);
      }
    }
    open--;
  };

  const others = Array.from({ length: connections - 1 }, nextJob);
  const outcomes = await Promise.allSettled([first, ...others].map(work));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

function isFatal(error: unknown): boolean {
  return !(error instanceof FetchError) || endsEverything(error) || isFileChanged(error);
}
