import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../../store/store.ts';
import type { Resources } from '../resources.ts';
import type { ImportTaskFacts } from './import-task.ts';

/** Somebody called CancelImportTask. */
export class ImportCancelled extends Error {
  override name = 'ImportCancelled';
}

/** A task while it is worked on: other processes may cancel it at any time. */
export interface RunningTask {
  readonly id: string;
  readonly createdAt: number;
  readonly facts: ImportTaskFacts;
  /** Aborts when the task is cancelled, when `watch` finds a reason, or when the worker closes. */
  readonly signal: AbortSignal;
  update(change: Partial<ImportTaskFacts>): void;
  /** Progress only grows: work that is done again after a crash does not take it back. */
  reach(progress: number, statusMessage: string): void;
  /** Checks now and then whether the task has to end, which it reports by throwing. */
  watch(look: () => void): void;
  waitUntil(time: number): Promise<void>;
  stop(): void;
}

const lookMs = 50;

/** By the emulator's clock, which need not be the real one, so it polls. */
export async function waitUntil(
  time: number,
  { now, signal }: { now: () => number; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  while (now() < time) await delay(Math.min(lookMs, Math.max(1, time - now())), undefined, { signal });
}

export function runningTask(
  id: string,
  {
    store,
    resources,
    now,
    closing,
  }: { store: Store; resources: Resources; now: () => number; closing: AbortSignal },
): RunningTask {
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, closing]);
  const read = () => resources.get<ImportTaskFacts>('import-snapshot-task', id);
  const { createdAt } = read();
  let look = () => {};

  const timer = setInterval(() => {
    try {
      const { status, completesWhileCancelling } = read().facts;
      if (status === 'cancelling' && !completesWhileCancelling) throw new ImportCancelled();
      look();
    } catch (reason) {
      clearInterval(timer);
      end.abort(reason);
    }
  }, lookMs);

  return {
    id,
    createdAt,
    get facts() {
      return read().facts;
    },
    signal,
    update(change) {
      store.transaction(() => resources.setFacts(id, { ...read().facts, ...change }));
    },
    reach(progress, statusMessage) {
      store.transaction(() => {
        const { facts } = read();
        if (facts.statusMessage === statusMessage && progress <= (facts.progress ?? 0)) return;
        resources.setFacts<ImportTaskFacts>(id, {
          ...facts,
          progress: Math.max(progress, facts.progress ?? 0),
          statusMessage,
        });
      });
    },
    watch(given) {
      look = given;
    },
    waitUntil: (time) => waitUntil(time, { now, signal }),
    stop() {
      clearInterval(timer);
    },
  };
}
