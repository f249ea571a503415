import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FetchImageOptions, VerifiedImage } from '@ec2-image/fetch';
import { onTestFinished } from 'vitest';

export interface ChildEvent {
  readonly done?: number;
  readonly notice?: string;
  readonly image?: VerifiedImage;
}

/** fetchImage in a process that can be killed. */
export function fetchInChild(options: FetchImageOptions): {
  kill: () => Promise<void>;
  /** Resolves with the first event of which `isIt` is true; rejects where the process ends without one. */
  until: (isIt: (event: ChildEvent) => boolean) => Promise<ChildEvent>;
} {
  const script = fileURLToPath(new URL('./fetch-child.ts', import.meta.url));
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=@ec2-image/source', script, JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'close');
  onTestFinished(() => void child.kill('SIGKILL'));
  const events: ChildEvent[] = [];
  const watchers = new Set<(event: ChildEvent) => void>();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const event: ChildEvent = JSON.parse(line);
    events.push(event);
    for (const watch of watchers) watch(event);
  });
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    until: async (isIt) => {
      const { promise, resolve, reject } = Promise.withResolvers<ChildEvent>();
      watchers.add((event) => isIt(event) && resolve(event));
      ended.then(() => reject(new Error(`the process ended: ${JSON.stringify(events.slice(-3))}`)));
      const known = events.find(isIt);
      return known ?? promise;
    },
  };
}
