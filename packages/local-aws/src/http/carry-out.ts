import { setTimeout as sleep } from 'node:timers/promises';
import type { StruckFault } from '../faults/faults.ts';
import { faultError } from '../faults/presets.ts';
import type { ServiceName } from '../service.ts';

/** The connection is to be reset instead of answered. */
export class ConnectionDropped extends Error {
  override name = 'ConnectionDropped';
}

/**
 * Carries out the faults of one moment of a call, in order: waits, throws the error to answer with, or throws a
 * `ConnectionDropped`. Rejects with the signal's reason if the client leaves meanwhile.
 */
export async function carryOut(
  struck: readonly StruckFault[],
  { when, service, signal }: { when: 'before' | 'after'; service: ServiceName; signal: AbortSignal },
): Promise<void> {
  for (const { action, begin, removed } of struck) {
    if (action.kind === 'cut' || (action.when ?? 'before') !== when) continue;
    begin();
    switch (action.kind) {
      case 'error':
        throw faultError(action, service);
      case 'drop':
        throw new ConnectionDropped();
      case 'delay':
        await sleep(action.ms, undefined, { signal });
        break;
      case 'hang':
        await aborted(AbortSignal.any([removed, signal]));
        signal.throwIfAborted();
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
