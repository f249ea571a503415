import { redactUrl } from '@ec2-image/redact';
import { FetchError } from './errors.ts';
import type { Extent } from './extents.ts';
import type { ResponseHeaders } from './http-exchange.ts';
import type { Origin } from './journal.ts';

/** What a request asks for beyond the file itself; `end` is left out where everything from `start` is wanted. */
export interface RangeRequest {
  readonly start: number;
  readonly end?: number;
  readonly ifRange?: string;
}

/** What a server's answer means for the partial file. */
export type Answer =
  | { readonly kind: 'whole'; readonly total?: number }
  | { readonly kind: 'part'; readonly extent: Extent; readonly total?: number }
  /** There is nothing beyond what is already here. */
  | { readonly kind: 'complete'; readonly total: number }
  /** Does not fit: discard what is here and request the whole file. */
  | { readonly kind: 'unusable'; readonly why: string };

/**
 * How to ask `url` for `wanted`; undefined where only the whole file can be asked for.
 *
 * The server that the earlier bytes came from is held to its validator (If-Range, RFC 9110 §13.1.5); without one a download resumes only
 * within the same attempt. Another server's validators say nothing about them: there the size of the whole file has to agree, and the
 * digest decides.
 */
export function rangeRequest({
  url,
  wanted,
  origin,
  hasBytes,
  isSameAttempt = false,
}: {
  readonly url: URL;
  readonly wanted: Extent;
  readonly origin: Origin | undefined;
  /** Whether the partial file holds anything yet that has to fit. */
  readonly hasBytes: boolean;
  /** Whether what is there, or the first of it, has come just now. */
  readonly isSameAttempt?: boolean;
}): RangeRequest | undefined {
  const isRest = wanted.end >= (origin?.total ?? Number.POSITIVE_INFINITY);
  const range = { start: wanted.start, end: isRest ? undefined : wanted.end };
  if (!hasBytes) return range.end === undefined ? undefined : range;
  if (!origin) return undefined;
  if (origin.source !== redactUrl(url)) return origin.total === undefined ? undefined : range;
  const ifRange = origin.etag ?? origin.lastModified;
  if (ifRange === undefined) return isSameAttempt ? range : undefined;
  return { ...range, ifRange };
}

/** What servers answer to a request for a range that they do not serve: 403, 405, 501, or that the request is bad. */
const rangeRefusals: ReadonlySet<unknown> = new Set([400, 403, 405, 406, 501]);

/** Whether the same request might succeed without its range. */
export function isRangeRefusal(error: unknown): error is FetchError {
  return error instanceof FetchError && error.facts.isRange === true && rangeRefusals.has(error.facts.status);
}

export function rangeHeaders(request: RangeRequest | undefined): Record<string, string> {
  if (!request) return {};
  const { start, end, ifRange } = request;
  return {
    range: `bytes=${start}-${end === undefined ? '' : end - 1}`,
    ...(ifRange !== undefined && { 'if-range': ifRange }),
  };
}

/** Where an answer comes from, with those of its validators that If-Range may carry. */
export function originOf({
  url,
  headers,
  total,
}: {
  readonly url: URL;
  readonly headers: ResponseHeaders;
  readonly total: number | undefined;
}): Origin {
  const etag = headers.etag;
  return {
    source: redactUrl(url),
    etag: etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : undefined,
    lastModified: isStrongDate(headers) ? headers['last-modified'] : undefined,
    total,
  };
}

/** RFC 9110 §8.8.2.2: strong where the answer is at least a second younger, so that no second change can share the date. */
function isStrongDate(headers: ResponseHeaders): boolean {
  const modified = Date.parse(headers['last-modified'] ?? '');
  const answered = Date.parse(headers.date ?? '');
  return answered - modified >= 1000;
}

/** Reads the answer to a GET that asked for `asked`; undefined for a status without bytes of the file. */
export function readAnswer({
  status,
  headers,
  asked,
  origin,
  url,
}: {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly asked: RangeRequest | undefined;
  readonly origin: Origin | undefined;
  readonly url: URL;
}): Answer | undefined {
  if (status === 200) return { kind: 'whole', total: contentLength(headers) };
  if (status === 416 && asked) {
    const total = parseUnsatisfied(headers['content-range']);
    return total === asked.start && asked.end === undefined && agrees(origin?.total, total)
      ? { kind: 'complete', total }
      : { kind: 'unusable', why: 'the missing range does not exist there' };
  }
  if (status !== 206) return undefined;
  const range = parseContentRange(headers['content-range']);
  if (!range) return asked && { kind: 'unusable', why: 'the server sent a part without its range' };
  const { extent, total } = range;
  const isLengthRight = agrees(contentLength(headers), extent.end - extent.start);
  if (!asked || extent.start !== asked.start || extent.end > (asked.end ?? extent.end)) {
    // What is called a part may nevertheless be the whole file, whatever part was asked for.
    if (isLengthRight && extent.start === 0 && extent.end === total) return { kind: 'whole', total };
    return asked && { kind: 'unusable', why: 'the server sent a range that was not requested' };
  }
  if (!isLengthRight) return { kind: 'unusable', why: 'the length of the response contradicts its range' };
  if (!agrees(origin?.total, total)) return { kind: 'unusable', why: 'the size of the file has changed' };
  const there = originOf({ url, headers, total });
  const sameServer = origin?.source === there.source;
  if (sameServer && !(agrees(origin.etag, there.etag) && agrees(origin.lastModified, there.lastModified)))
    return { kind: 'unusable', why: 'the file has changed' };
  return { kind: 'part', extent, total };
}

/** Nothing known is nothing contradicted. */
function agrees<T>(one: T | undefined, other: T | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

function contentLength(headers: ResponseHeaders): number | undefined {
  const text = headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function parseContentRange(text: string | undefined): { extent: Extent; total?: number } | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(text ?? '');
  if (!match) return undefined;
  const extent = { start: Number(match[1]), end: Number(match[2]) + 1 };
  const total = match[3] === '*' ? undefined : Number(match[3]);
  if (extent.start >= extent.end || extent.end > (total ?? extent.end)) return undefined;
  return { extent, total };
}

function parseUnsatisfied(text: string | undefined): number | undefined {
  const match = /^bytes \*\/(\d{1,15})$/i.exec(text ?? '');
  return match ? Number(match[1]) : undefined;
}
