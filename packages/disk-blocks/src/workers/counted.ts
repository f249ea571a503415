import type { WorkerPool } from './pool.ts';

/** Runs jobs of a pool, and knows when no thread does anything for them any more. */
export function counted(pool: WorkerPool): { readonly run: WorkerPool['run']; idle(): Promise<unknown> } {
  const running = new Set<Promise<void>>();
  return {
    run(job, options) {
      const { promise, resolve } = Promise.withResolvers<void>();
      running.add(promise);
      const onFinished = () => {
        running.delete(promise);
        resolve();
      };
      return pool.run(job, { ...options, onFinished });
    },
    idle: () => Promise.all(running),
  };
}
