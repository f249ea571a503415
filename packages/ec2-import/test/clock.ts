/** Time that passes only while somebody sleeps. */
export function fakeClock() {
  let time = Date.parse('2026-11-22T10:00:00Z');
  const start = time;
  return {
    now: () => time,
    random: () => 0.5,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      time += ms;
      // Everything else gets its turn, as it would while time passes.
      await new Promise((resolve) => setImmediate(resolve));
    },
    get elapsedMs() {
      return time - start;
    },
  };
}
