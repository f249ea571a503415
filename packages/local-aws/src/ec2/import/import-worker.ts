import { mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileLock, tryLock } from '@ec2-image/file-lock';
import type { ImportTools } from './import-work.ts';
import { runImport } from './run-import.ts';
import { createSlots } from './slots.ts';
import { queuedTasks } from './task-queue.ts';

export interface ImportWorker {
  /** There may be a new task. */
  wake(): void;
  /** Stops; tasks that have not ended are left for whoever serves the directory next. */
  close(): Promise<void>;
}

const lookMs = 250;

/**
 * Works on the queue of the store's directory. Of several processes that serve the directory one does; when it ends,
 * or is killed, another takes its place and begins its unfinished tasks again.
 */
export function startImportWorker(options: Omit<ImportTools, 'workDirectory' | 'slots'>): ImportWorker {
  const { store, settings, onNotice } = options;
  const workDirectory = join(store.directory, 'imports');
  mkdirSync(workDirectory, { recursive: true });
  const tools = { ...options, workDirectory, slots: createSlots(settings.concurrentImports) };
  const closing = new AbortController();
  const running = new Map<string, Promise<void>>();
  let lock: FileLock | undefined;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const queue = queuedTasks(store).filter(({ taskId }) => !running.has(taskId));
    if (queue.length === 0) return;
    if (!lock) {
      lock = await tryLock({ path: join(store.directory, 'imports.lock') });
      if (!lock) return;
      for (const name of await readdir(workDirectory)) await rm(join(workDirectory, name), { force: true });
    }
    for (const queued of queue) {
      if (closing.signal.aborted) return;
      const work = runImport(queued, tools, closing.signal)
        .catch((error) => onNotice(`import task ${queued.taskId}: ${error.stack}`))
        .finally(() => running.delete(queued.taskId));
      running.set(queued.taskId, work);
    }
  }

  function wake(): void {
    if (closing.signal.aborted) return;
    looking ??= look()
      .catch((error) => onNotice(`the import queue: ${error.stack}`))
      .finally(() => {
        looking = undefined;
      });
  }

  const timer = setInterval(wake, lookMs).unref();
  wake();
  return {
    wake,
    async close() {
      clearInterval(timer);
      closing.abort();
      await looking;
      await Promise.all(running.values());
      lock?.release();
    },
  };
}
