import { setImmediate } from 'node:timers/promises';

/** So long, in milliseconds, may work of our own keep an interrupt waiting, a timer, or what a socket has received. */
const longestMs = 10;

/**
 * Called between short steps of work that wait for nothing: every {@link longestMs} it lets everything else have its turn. A
 * promise that is there already does not: what awaits it runs on at once.
 */
export function createTurns(): () => Promise<void> | undefined {
  let turnAt = performance.now();
  return () => {
    if (performance.now() - turnAt < longestMs) return undefined;
    return setImmediate().then(() => {
      turnAt = performance.now();
    });
  };
}
