/** The time, in milliseconds, without that of waiting for something else. */
export interface WorkClock {
  now(): number;
  waitFor<T>(what: () => Promise<T>): Promise<T>;
}

export function createWorkClock(): WorkClock {
  let waitedMs = 0;
  let waiting = 0;
  let since = 0;
  return {
    now: () => (waiting > 0 ? since : performance.now()) - waitedMs,
    async waitFor(what) {
      if (waiting === 0) since = performance.now();
      waiting += 1;
      try {
        return await what();
      } finally {
        waiting -= 1;
        if (waiting === 0) waitedMs += performance.now() - since;
      }
    },
  };
}
