import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Digests, WantedDigests } from './digester.ts';
import type { Answer, Request } from './messages.ts';

/** One core receives what the others hash, and hashing is no more than half of it. */
const mostThreads = Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)));

export interface HashThread {
  /** Bodies that are under way in it. */
  readonly bodies: number;
  /** A body of which nothing was sent yet. */
  open(wanted: WantedDigests): ThreadBody;
}

export interface ThreadBody {
  /** @throws Error where the thread has ended, or cannot write */
  send(request: Pick<Request, 'piece' | 'fd' | 'isLast'>): Promise<Digests | undefined>;
  /** Without effect once the last piece was sent. */
  giveUp(): void;
}

interface Pending {
  resolve(digests: Digests | undefined): void;
  reject(error: Error): void;
}

const threads = new Set<HashThread>();

/** The thread with the least to do. Threads are started when they are needed, and kept; none keeps the process running. */
export function leastBusyThread(): HashThread {
  const [least] = [...threads].sort((one, other) => one.bodies - other.bodies);
  if (least && (least.bodies === 0 || threads.size >= mostThreads)) return least;
  return startThread();
}

/** Whether one runs by now. */
export function hasThread(): boolean {
  return threads.size > 0;
}

function startThread(): HashThread {
  const program = `hash-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
  const worker = new Worker(new URL(program, import.meta.url));
  worker.unref();
  const pending: Pending[] = [];
  const open = new Set<number>();
  let lastBody = 0;
  let failure: Error | undefined;

  worker.on('message', (answer: Answer) => {
    const { digests, failure } = answer;
    if (failure) pending.shift()?.reject(Object.assign(new Error(failure.message), { code: failure.code }));
    else pending.shift()?.resolve(digests);
    if (pending.length === 0) worker.unref();
  });
  const fail = (error: Error) => {
    failure ??= error;
    threads.delete(thread);
    for (const { reject } of pending.splice(0)) reject(failure);
  };
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`a thread that hashes bodies ended with code ${code}`)));

  const thread: HashThread = {
    get bodies() {
      return open.size;
    },
    open(wanted) {
      lastBody += 1;
      const body = lastBody;
      open.add(body);
      let first: Pick<Request, 'wanted'> = { wanted };
      return {
        send({ piece, fd, isLast }) {
          if (failure) return Promise.reject(failure);
          const { promise, resolve, reject } = Promise.withResolvers<Digests | undefined>();
          worker.ref();
          pending.push({ resolve, reject });
          worker.postMessage({ body, ...first, piece, fd, isLast } satisfies Request);
          first = {};
          if (isLast) open.delete(body);
          return promise;
        },
        giveUp() {
          if (!open.delete(body)) return;
          worker.postMessage({ body, isGivenUp: true } satisfies Request);
        },
      };
    },
  };
  threads.add(thread);
  return thread;
}
