import type { Digest } from '@ec2-image/provenance';
import { addExtent, type Extent } from './extents.ts';

/** Which file of which server the bytes come from. Validators are kept only where they are strong enough for If-Range. */
export interface Origin {
  /** The URL that answered, after redirects, as it may be shown: no query string is ever written to disk. */
  readonly source: string;
  readonly etag?: string;
  readonly lastModified?: string;
  /** Size of the whole file, where the server said it. */
  readonly total?: number;
}

export interface Journal {
  readonly origin?: Origin;
  readonly extents: readonly Extent[];
}

/*
 * Lines, appended as things happen, so that a killed process leaves a journal that is true up to its last line:
 *
 *     {"version":1,"digest":"sha256:…"}                                what the file is to become
 *     {"source":"https://…","etag":"\"…\"","total":123456}            where what follows comes from
 *     0 65536                                                         these bytes are in the file
 */

export function firstLine(digest: Digest): string {
  return `${JSON.stringify({ version: 1, digest })}\n`;
}

export function originLine({ source, etag, lastModified, total }: Origin): string {
  return `${JSON.stringify({ source, etag, lastModified, total })}\n`;
}

export function extentLine({ start, end }: Extent): string {
  return `${start} ${end}\n`;
}

/**
 * What a journal says; undefined where it is of another digest or cannot be trusted. A last line without its end was cut off by a kill and does not count.
 * Nothing here is proof: the digest of the finished file decides.
 */
export function parseJournal(text: string, digest: Digest): Journal | undefined {
  const lines = text.split('\n').slice(0, -1);
  if (`${lines.shift()}\n` !== firstLine(digest)) return undefined;
  let journal: Journal = { extents: [] };
  for (const line of lines) {
    const extent = parseExtent(line);
    const origin = extent ? undefined : parseOrigin(line);
    if (extent) journal = { ...journal, extents: addExtent(journal.extents, extent) };
    else if (origin) journal = { ...journal, origin };
    else return undefined;
  }
  const total = journal.origin?.total ?? Number.MAX_SAFE_INTEGER;
  return journal.extents.every(({ end }) => end <= total) ? journal : undefined;
}

function parseExtent(line: string): Extent | undefined {
  const match = /^(\d{1,16}) (\d{1,16})$/.exec(line);
  if (!match) return undefined;
  const extent = { start: Number(match[1]), end: Number(match[2]) };
  return extent.start < extent.end && Number.isSafeInteger(extent.end) ? extent : undefined;
}

function parseOrigin(line: string): Origin | undefined {
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null) return undefined;
  const { source, etag, lastModified, total } = value as Record<string, unknown>;
  if (typeof source !== 'string' || !isHeaderValue(etag) || !isHeaderValue(lastModified)) return undefined;
  if (total !== undefined && !(Number.isSafeInteger(total) && (total as number) >= 0)) return undefined;
  return { source, etag, lastModified, total: total as number | undefined };
}

/** It is sent again as a header, so a journal somebody tampered with must not be able to add another. */
function isHeaderValue(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && /^[\x20-\x7e\x80-\xff]*$/.test(value));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
