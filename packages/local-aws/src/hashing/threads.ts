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
  /** At once: bodies under way in it fail. */
  end(): Promise<void>;
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
let users = 0;
let bytesHashedHere = 0;

/**
 * Threads are started when they are needed, and kept for all emulators of this process until the last of them is closed. None
 * keeps the process running.
 *
 * @returns ends them where nobody else uses them; to be called once, when nothing is hashed any more
 */
export function useThreads(): () => Promise<void> {
  users += 1;
  return async () => {
    users -= 1;
    if (users > 0) return;
    bytesHashedHere = 0;
    await Promise.all([...threads].map((thread) => thread.end()));
  };
}

/** What is shorter is hashed in less time than it takes to tell a thread of it. */
const leastBytes = 128 * 1024;
/** So much is hashed where it comes in before a thread is started, which takes as long. */
const bytesBeforeThreads = 32 * 1024 * 1024;

/** Whether no thread is needed for a body, which counts then. */
export function mayBeHashedHere(sizeBytes: number): boolean {
  if (sizeBytes < leastBytes) return true;
  if (hasThread() || bytesHashedHere >= bytesBeforeThreads) return false;
  bytesHashedHere += sizeBytes;
  return true;
}

/** The thread with the least to do. */
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
    async end() {
      threads.delete(thread);
      await worker.terminate();
    },
  };
  threads.add(thread);
  return thread;
}
