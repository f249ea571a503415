export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal | undefined;
  /** It was the time that ended the call, not the caller. */
  readonly passed: boolean;
}

/** The caller's signal or a limit of time, whichever comes first; to be disposed of when the call has ended. */
export function timeLimit(outer: AbortSignal | undefined, timeoutMs: number | undefined): TimeLimit {
  if (timeoutMs === undefined) return { signal: outer, passed: false, [Symbol.dispose]() {} };
  const inner = new AbortController();
  const timer = setTimeout(() => {
    inner.abort(new DOMException(`no answer within ${timeoutMs / 1000} s`, 'TimeoutError'));
  }, timeoutMs);
  const stop = () => inner.abort(outer?.reason);
  outer?.addEventListener('abort', stop, { once: true });
  return {
    signal: inner.signal,
    get passed() {
      return inner.signal.aborted && !outer?.aborted;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    },
  };
}
