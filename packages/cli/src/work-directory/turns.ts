import { abortable } from '../abortable.ts';

/** A place in the queue for something of which one at a time in this process can have it. */
export interface Turn {
  /** Whether others of this process are queued, too. */
  isWaitedFor(): boolean;
  /** Safe to call again. */
  end(): void;
}

interface Queue {
  /** Those that have a turn or wait for one. */
  length: number;
  /** Resolves when the last of them has ended its turn. */
  last: Promise<void>;
}

const queues = new Map<string, Queue>();

/**
 * Waits for the turn, first come, first served.
 *
 * @param options.onTurn called where the caller has to wait
 * @throws the signal's reason
 */
export async function takeTurn(
  key: string,
  { signal, onTurn }: { readonly signal?: AbortSignal; readonly onTurn?: () => void },
): Promise<Turn> {
  const queue = queues.get(key) ?? { length: 0, last: Promise.resolve() };
  queues.set(key, queue);
  const isFirst = queue.length === 0;
  const before = queue.last;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  queue.length += 1;
  // Who gives up while waiting does not let those behind it pass the one before it.
  queue.last = before.then(() => ended);
  let hasEnded = false;
  const end = () => {
    if (hasEnded) return;
    hasEnded = true;
    queue.length -= 1;
    if (queue.length === 0) queues.delete(key);
    resolve();
  };
  try {
    if (!isFirst) onTurn?.();
    await abortable(before, signal);
  } catch (error) {
    end();
    throw error;
  }
  return { isWaitedFor: () => queue.length > 1, end };
}
