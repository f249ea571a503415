import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { DiskBlocksError } from '../errors.ts';
import type { Answer, Job, Outcome, Request, WorkerData } from './jobs.ts';

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Given to the worker instead of copied. */
  readonly transfer?: readonly ArrayBuffer[];
  /** Called once no thread does anything for the job any more: after an abort, later than the answer. */
  readonly onFinished?: () => void;
}

export interface WorkerPool {
  /**
   * Does a job in the next worker that is free. An abort is answered at once; the worker stops at its next piece.
   *
   * @throws DiskBlocksError `WORKER_FAILED` where the thread ended or took too long; the signal's reason
   */
  run<J extends Job>(job: J, options?: RunOptions): Promise<Outcome<J>>;
  /** Ends all threads; jobs at hand fail. */
  close(): Promise<void>;
}

export interface PoolOptions {
  /** Threads at most. Default: one for each core. */
  readonly size?: number;
  /** The threads' program. */
  readonly program?: URL;
  /** Default two minutes: a job takes a fraction of a second. */
  readonly jobTimeoutMs?: number;
}

interface Task {
  readonly id: number;
  readonly job: Job;
  readonly options: RunOptions;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly cancelled: Int32Array;
  task?: Task;
  timer?: NodeJS.Timeout;
}

/** Threads are started when they are needed, kept, and do not keep the process running while they have nothing to do. */
export function createWorkerPool({
  size = availableParallelism(),
  program = workerProgram(),
  jobTimeoutMs = 120_000,
}: PoolOptions = {}): WorkerPool {
  const threads = new Set<Thread>();
  const queue = new Set<Task>();
  let lastId = 0;

  function startThread(): Thread {
    const cancelled = new SharedArrayBuffer(4);
    const worker = new Worker(program, { workerData: { cancelled } satisfies WorkerData, resourceLimits });
    const thread: Thread = { worker, cancelled: new Int32Array(cancelled) };
    threads.add(thread);
    worker.on('message', (answer: Answer) => {
      const { task } = thread;
      if (task?.id !== answer.id) return;
      release(thread);
      task.options.onFinished?.();
      task.resolve(answer);
      schedule();
    });
    worker.on('error', (error) => discard(thread, workerFailed('ended with an error', error)));
    worker.on('exit', (code) => discard(thread, workerFailed(`ended with code ${code}`)));
    return thread;
  }

  function release(thread: Thread): void {
    clearTimeout(thread.timer);
    thread.task = undefined;
    thread.worker.unref();
  }

  /** Ends a thread, if it has not ended itself: its place is free for another. */
  function discard(thread: Thread, reason: DiskBlocksError): void {
    if (!threads.delete(thread)) return;
    const { task } = thread;
    release(thread);
    void thread.worker.terminate().finally(() => task?.options.onFinished?.());
    task?.reject(reason);
    schedule();
  }

  function schedule(): void {
    for (const task of queue) {
      const idle = [...threads].find((thread) => !thread.task);
      if (!idle && threads.size >= size) return;
      queue.delete(task);
      try {
        start(idle ?? startThread(), task);
      } catch (error) {
        task.options.onFinished?.();
        task.reject(workerFailed('could not be started', error));
      }
    }
  }

  function start(thread: Thread, task: Task): void {
    thread.task = task;
    Atomics.store(thread.cancelled, 0, 0);
    thread.worker.ref();
    const expired = () => discard(thread, workerFailed(`did not finish a job in ${jobTimeoutMs / 1000} s`));
    thread.timer = setTimeout(expired, jobTimeoutMs);
    const { id, job } = task;
    try {
      thread.worker.postMessage({ id, job } satisfies Request, [...(task.options.transfer ?? [])]);
    } catch (error) {
      // The caller's: a buffer that has been given away, for one.
      release(thread);
      task.options.onFinished?.();
      task.reject(error);
    }
  }

  function cancel(task: Task): void {
    if (queue.delete(task)) {
      task.options.onFinished?.();
      return;
    }
    for (const thread of threads) if (thread.task === task) Atomics.store(thread.cancelled, 0, 1);
  }

  return {
    async run<J extends Job>(job: J, options: RunOptions = {}): Promise<Outcome<J>> {
      const { signal } = options;
      if (signal?.aborted) {
        options.onFinished?.();
        throw signal.reason;
      }
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const task: Task = { id: ++lastId, job, options, resolve, reject };
      const onAbort = () => {
        cancel(task);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        queue.add(task);
        schedule();
        // The answer to a job has the result of its kind.
        return (await promise) as Outcome<J>;
      } finally {
        signal?.removeEventListener('abort', onAbort);
      }
    },
    async close() {
      const all = [...threads];
      const closed = workerFailed('was closed');
      for (const task of queue) {
        task.reject(closed);
        cancel(task);
      }
      for (const thread of all) discard(thread, closed);
      await Promise.all(all.map(({ worker }) => worker.terminate()));
    },
  };
}

/** The heap of a thread. What it reads and decompresses lies outside of it: some 8 MiB, and the buffer that it is given. */
const resourceLimits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8, stackSizeMb: 2 };

/** Beside this file, in the source and compiled; in a bundle also above it, where shared chunks have a directory of their own. */
function workerProgram(): URL {
  const name = `disk-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
  const beside = new URL(name, import.meta.url);
  const above = new URL(`../${name}`, import.meta.url);
  return existsSync(above) && !existsSync(beside) ? above : beside;
}

function workerFailed(what: string, cause?: unknown): DiskBlocksError {
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new DiskBlocksError('WORKER_FAILED', `a worker thread ${what}${detail}`, {
    hint: 'Run the same command again; if the error persists, check the memory and the load of this machine.',
    cause,
  });
}

let shared: WorkerPool | undefined;

/** The one pool of the process: images that are read side by side share its threads. */
export function sharedPool(): WorkerPool {
  shared ??= createWorkerPool();
  return shared;
}
