/** The outcome of the promise, or the signal's reason where it aborts before. */
export function unlessAborted<T>(outcome: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  outcome.then(resolve, reject);
  return promise.finally(() => signal?.removeEventListener('abort', onAbort));
}
