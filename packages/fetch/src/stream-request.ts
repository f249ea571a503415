import { redactUrl } from '@ec2-image/redact';
import type { Dispatcher } from 'undici';
import { FetchError } from './errors.ts';
import type { Extent } from './extents.ts';
import { statusError } from './http-errors.ts';
import { httpGet, type Response } from './http-get.ts';
import type { Origin } from './journal.ts';
import {
  type Answer,
  isRangeRefusal,
  type RangeRequest,
  rangeHeaders,
  rangeRequest,
  readAnswer,
} from './range.ts';
import { defaultStallTimeoutMs, isWorthRetrying } from './retry.ts';

export interface StreamRequestOptions {
  readonly dispatcher: Dispatcher;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
  readonly allowHttpRedirect?: boolean;
  readonly stallTimeoutMs?: number;
  /** What a part has to belong to: left out of the first request. */
  readonly origin?: Origin;
}

/** An answer with the whole file. Whoever gets a body reads or discards it. */
export interface WholeAnswer {
  readonly kind: 'whole';
  readonly response: Response;
  /** In bytes, where the server tells it. */
  readonly total?: number;
}

export type PartAnswer =
  | { readonly kind: 'part'; readonly response: Response; readonly extent: Extent; readonly total?: number }
  | WholeAnswer
  /** The server does not serve this part of the same file, and will not do so next time. */
  | { readonly kind: 'unusable'; readonly error: FetchError };

/** @throws FetchError for what may be otherwise next time, and where there is no file */
export async function requestPart(
  options: StreamRequestOptions,
  { url, wanted }: { readonly url: URL; readonly wanted: Extent },
): Promise<PartAnswer> {
  const { origin } = options;
  const requestTo = (hop: URL) =>
    rangeRequest({ url: hop, wanted, origin, hasBytes: origin !== undefined, isSameAttempt: true });
  try {
    const { response, answer } = await ask(options, { url, requestTo });
    if (answer.kind === 'whole' || answer.kind === 'part') return { ...answer, response };
    response.body.discard();
    return { kind: 'unusable', error: rangeUnusable(response.url, whyUnusable(answer)) };
  } catch (error) {
    // Whether the file exists at all, a request without a range shows.
    if (isRangeRefusal(error) || (origin && isLastingStatus(error)))
      return { kind: 'unusable', error: rangeUnusable(url, error.message) };
    throw error;
  }
}

/** Of a server that has served another part of the file. */
function isLastingStatus(error: unknown): error is FetchError {
  return error instanceof FetchError && error.facts.status !== undefined && !isWorthRetrying(error);
}

/** @throws FetchError where the server does not send the whole file */
export async function requestWhole(options: StreamRequestOptions, url: URL): Promise<WholeAnswer> {
  const { response, answer } = await ask(options, { url });
  if (answer.kind === 'whole') return { ...answer, response };
  response.body.discard();
  throw statusError({ ...response, nowMs: (options.now ?? Date.now)() });
}

async function ask(
  options: StreamRequestOptions,
  {
    url,
    requestTo = () => undefined,
  }: { readonly url: URL; readonly requestTo?: (hop: URL) => RangeRequest | undefined },
): Promise<{ response: Response; answer: Answer }> {
  const { dispatcher, signal, origin, now = Date.now, allowHttpRedirect: allowHttp } = options;
  const { stallTimeoutMs: answerTimeoutMs = defaultStallTimeoutMs } = options;
  const headersFor = (hop: URL) => rangeHeaders(requestTo(hop));
  const response = await httpGet({ url, dispatcher, signal, headersFor, allowHttp, answerTimeoutMs });
  const asked = requestTo(response.url);
  const answer = readAnswer({ ...response, asked, origin });
  if (answer) return { response, answer };
  response.body.discard();
  throw statusError({ ...response, nowMs: now(), isRange: asked !== undefined });
}

function whyUnusable(answer: Exclude<Answer, { kind: 'whole' | 'part' }>): string {
  return answer.kind === 'unusable' ? answer.why : 'the file ends before it';
}

export function rangeUnusable(url: URL, why: string): FetchError {
  const shown = redactUrl(url);
  return new FetchError('RANGE_UNUSABLE', `${shown} does not serve a part of the file: ${why}`, {
    hint: 'Download the whole file, or use another mirror.',
    facts: { url: shown },
  });
}
