/**
 * Runs several things at once. The first that fails aborts the others, and is thrown once all have ended: nothing
 * works on behind a result.
 */
export async function sideBySide<T extends readonly unknown[]>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  const stop = new AbortController();
  const running = start(AbortSignal.any([signal, stop.signal]));
  try {
    return (await Promise.all(running)) as unknown as T;
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(running);
    throw error;
  }
}
