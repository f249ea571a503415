import { setTimeout as delay } from 'node:timers/promises';
import { FetchError } from './errors.ts';
import {
  defaultMaxAttempts,
  endsEverything,
  isWorthRetrying as mayAnswerDifferently,
  pauseMs,
} from './retry.ts';
import type { SignS3Request } from './signing-dispatcher.ts';
import type { Source } from './source.ts';

/** How a fetch behaves on a network that does not; the defaults are for people. */
export interface RetryOptions {
  /** How often in a row one URL may fail without any new bytes. Default: 5. */
  readonly maxAttempts?: number;
  /** Idle timeout of a connection, in milliseconds. Default: 60,000. */
  readonly stallTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Needed for `s3://` URLs. */
  readonly signS3?: SignS3Request;
  /** What a user should read: retries, failed mirrors, restarted downloads. */
  readonly onNotice?: (message: string) => void;
  /** Default: a timer that the signal ends. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number;
}

interface Mirror<S extends Source> {
  readonly source: S;
  failures: number;
  readyAtMs: number;
  isGivenUp: boolean;
  error?: FetchError;
}

/**
 * Tries the sources until one succeeds. A source that made progress before it failed is tried again; otherwise the one with the shortest
 * remaining wait is next; those not tried yet need no wait.
 *
 * @param options.hasAdvanced whether the attempt that just failed made progress
 * @param options.isWorthRetrying of the source that it comes from; default: where the same URL may answer differently next time
 * @throws FetchError the failure of the only source, or `EVERY_URL_FAILED` with `failures`
 */
export async function tryMirrors<S extends Source, T>({
  sources,
  attempt,
  hasAdvanced = () => false,
  isWorthRetrying = mayAnswerDifferently,
  maxAttempts = defaultMaxAttempts,
  signal,
  onNotice,
  sleep = (ms, abort) => delay(ms, undefined, { signal: abort }),
  now = Date.now,
}: RetryOptions & {
  readonly sources: readonly S[];
  readonly attempt: (source: S) => Promise<T>;
  readonly hasAdvanced?: () => boolean;
  readonly isWorthRetrying?: (error: FetchError) => boolean;
}): Promise<T> {
  const mirrors = sources.map(
    (source): Mirror<S> => ({ source, failures: 0, readyAtMs: 0, isGivenUp: false }),
  );
  let mirror: Mirror<S> | undefined = mirrors[0];
  while (mirror) {
    signal?.throwIfAborted();
    try {
      return await attempt(mirror.source);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof FetchError) || endsEverything(error)) throw error;
      const advanced = hasAdvanced();
      mirror.error = error;
      mirror.failures = advanced ? 1 : mirror.failures + 1;
      mirror.isGivenUp = !isWorthRetrying(error) || mirror.failures >= maxAttempts;
      const { retryAfterMs } = error.facts as { retryAfterMs?: number };
      mirror.readyAtMs = now() + pauseMs({ failures: mirror.failures, retryAfterMs });
      const next: Mirror<S> | undefined = advanced && !mirror.isGivenUp ? mirror : soonest(mirrors);
      if (!next) break;
      const waitMs = Math.max(0, next.readyAtMs - now());
      onNotice?.(`${error.message}; ${whatNext({ next, sameMirror: next === mirror, waitMs })}`);
      if (waitMs > 0) await sleep(waitMs, signal);
      mirror = next;
    }
  }
  throw everyUrlFailed(mirrors);
}

function soonest<S extends Source>(mirrors: readonly Mirror<S>[]): Mirror<S> | undefined {
  return mirrors
    .filter(({ isGivenUp }) => !isGivenUp)
    .reduce<Mirror<S> | undefined>(
      (best, mirror) => (best && best.readyAtMs <= mirror.readyAtMs ? best : mirror),
      undefined,
    );
}

function whatNext({
  next,
  sameMirror,
  waitMs,
}: {
  next: Mirror<Source>;
  sameMirror: boolean;
  waitMs: number;
}): string {
  const when = waitMs > 0 ? ` in ${Math.ceil(waitMs / 1000)} s` : '';
  return sameMirror ? `trying again${when}` : `trying ${next.source.shown}${when}`;
}

function everyUrlFailed(mirrors: readonly Mirror<Source>[]): FetchError {
  const errors = mirrors.map(({ error }) => error).filter((error) => error !== undefined);
  if (errors.length === 1) return errors[0]!;
  return new FetchError(
    'EVERY_URL_FAILED',
    `none of ${mirrors.length} URLs worked: ${errors.map(({ message }) => message).join('; ')}`,
    {
      hint: 'Check the URLs and the network, or add another mirror.',
      cause: new AggregateError(errors),
      facts: {
        failures: mirrors.map(({ source, error }) => ({
          url: source.shown,
          code: error?.code,
          message: error?.message,
        })),
      },
    },
  );
}
