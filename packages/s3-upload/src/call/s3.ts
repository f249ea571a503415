import { setTimeout as delay } from 'node:timers/promises';
import type {
  $Command,
  S3Client,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-s3';
import { explainCall } from '../errors.ts';
import { withoutRetries } from './transport.ts';

/** What every verb of this package takes. */
export interface S3Options {
  /** Brings region, credentials, endpoint, retries and the time limit of a silent connection. It is never changed. */
  readonly client: S3Client;
  /** The account that must own the bucket: S3 refuses every call on somebody else's. */
  readonly expectedBucketOwner?: string;
  readonly signal?: AbortSignal;
  /** Told what a user should read, one sentence at a time. */
  readonly onNotice?: (message: string) => void;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
  /** In [0, 1), as Math.random. */
  readonly random?: () => number;
}

/** Where an object is, or is to be. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

type Command<I extends ServiceInputTypes, O extends ServiceOutputTypes> = $Command<
  I,
  O,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** A client that explains its errors and obeys the signal. */
export interface S3 {
  readonly client: S3Client;
  readonly signal: AbortSignal | undefined;
  /** Errors are those of `explainCall`, or the signal's reason. */
  send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: Command<I, O>,
    options?: SendOptions,
  ): Promise<O>;
  /** Waits before try `n + 1`, after `n` failures. */
  backOff(n: number): Promise<void>;
  sleep(ms: number): Promise<void>;
  notice(message: string): void;
}

export interface SendOptions {
  /** Let the SDK repeat it. Default true. */
  readonly retry?: boolean;
  /** Of the call with its retries; passed, it is `S3_UNREACHABLE`. Default none but the client's own. */
  readonly timeoutMs?: number;
}

const longestBackOffMs = 20_000;

export function s3Of({
  client,
  signal,
  onNotice,
  sleep = (ms, signal) => delay(ms, undefined, { signal }),
  random = Math.random,
}: S3Options): S3 {
  const clientOnce = withoutRetries(client);
  const s3: S3 = {
    client,
    signal,
    async send(command, { retry = true, timeoutMs } = {}) {
      signal?.throwIfAborted();
      using limit = timeLimit(signal, timeoutMs);
      try {
        return await (retry ? client : clientOnce).send(command, { abortSignal: limit.signal });
      } catch (error) {
        signal?.throwIfAborted();
        const operation = command.constructor.name.replace(/Command$/, '');
        throw explainCall({ error: limit.passed ? limit.signal?.reason : error, operation });
      }
    },
    backOff: (n) => s3.sleep(Math.min(500 * 2 ** (n - 1), longestBackOffMs) * (0.8 + 0.4 * random())),
    async sleep(ms) {
      try {
        await sleep(ms, signal);
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
      signal?.throwIfAborted();
    },
    notice: (message) => onNotice?.(message),
  };
  return s3;
}

/** The members that name an object in every call. */
export function addressOf({ bucket, key, expectedBucketOwner }: ObjectPlace & S3Options) {
  return { Bucket: bucket, Key: key, ExpectedBucketOwner: expectedBucketOwner };
}

export type Address = ReturnType<typeof addressOf>;

/** The caller's signal, or a limit of time, whichever comes first. */
function timeLimit(outer: AbortSignal | undefined, timeoutMs: number | undefined) {
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
