import type { FetchError, FetchErrorCode } from './errors.ts';

/** Attempts in a row at one URL without any new bytes before the download gives it up. */
export const defaultMaxAttempts = 5;

/** How long a server may send nothing. */
export const defaultStallTimeoutMs = 60_000;

const basePauseMs = 1_000;
const maxPauseMs = 30_000;

/** A server that asks for more patience than this is asked again after it nevertheless. */
const maxRetryAfterMs = 120_000;

const transientCodes: ReadonlySet<FetchErrorCode> = new Set([
  'BODY_TOO_LONG',
  'BODY_TRUNCATED',
  'CONNECTION_FAILED',
  'DOWNLOAD_STALLED',
  'FILE_CHANGED',
  'PROXY_UNREACHABLE',
]);

/** Whether the same URL may answer differently next time. */
export function isWorthRetrying(error: FetchError): boolean {
  if (transientCodes.has(error.code)) return true;
  return error.code === 'HTTP_STATUS' && isTransientStatus(error.facts.status);
}

function isTransientStatus(status: unknown): boolean {
  return typeof status === 'number' && (status === 408 || status === 429 || status >= 500);
}

const localCodes: ReadonlySet<FetchErrorCode> = new Set([
  'IMAGE_TOO_LARGE',
  'TOO_MANY_OPEN_FILES',
  'WORK_DIRECTORY_FULL',
  'WORK_DIRECTORY_UNUSABLE',
]);

/** Whether no other URL would do better. */
export function endsEverything(error: FetchError): boolean {
  return localCodes.has(error.code);
}

/** Doubles with every failure in a row, and varies, so that many clients of one server do not come back together. */
export function pauseMs({
  failures,
  retryAfterMs = 0,
  random = Math.random,
}: {
  /** From 1. */
  readonly failures: number;
  readonly retryAfterMs?: number;
  readonly random?: () => number;
}): number {
  const backoff = Math.min(maxPauseMs, basePauseMs * 2 ** (failures - 1)) * (0.5 + random() / 2);
  return Math.max(backoff, Math.min(retryAfterMs, maxRetryAfterMs));
}

/** A Retry-After header (RFC 9110 §10.2.3: seconds, or a date) as milliseconds from now; undefined where it says nothing usable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
