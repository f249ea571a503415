/** Ends with the caller's signal, and by itself when the upload does. */
export function linkedStop(signal: AbortSignal | undefined): AbortController & Disposable {
  const stop = new AbortController();
  const follow = () => stop.abort(signal?.reason);
  if (signal?.aborted) follow();
  signal?.addEventListener('abort', follow, { once: true });
  return Object.assign(stop, { [Symbol.dispose]: () => signal?.removeEventListener('abort', follow) });
}
