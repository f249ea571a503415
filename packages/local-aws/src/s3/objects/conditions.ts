import { s3Error } from '../errors.ts';
import { wholeSeconds } from '../times.ts';

export interface ReadConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
}

export interface Validators {
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedAtMs: number;
}

export type Verdict =
  | { readonly outcome: 'proceed' }
  | { readonly outcome: 'not-modified' }
  | { readonly outcome: 'failed'; readonly condition: string };

/** In the precedence of RFC 9110, 13.2.2: an ETag takes precedence over a date. */
export function judgeRead(conditions: ReadConditions, { etag, modifiedAtMs }: Validators): Verdict {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!matchesETag(ifMatch, etag)) return { outcome: 'failed', condition: 'If-Match' };
  } else if (ifUnmodifiedSince !== undefined) {
    const since = Date.parse(ifUnmodifiedSince);
    if (wholeSeconds(modifiedAtMs) > since) return { outcome: 'failed', condition: 'If-Unmodified-Since' };
  }
  if (ifNoneMatch !== undefined) {
    if (matchesETag(ifNoneMatch, etag)) return { outcome: 'not-modified' };
  } else if (ifModifiedSince !== undefined) {
    const since = Date.parse(ifModifiedSince);
    if (wholeSeconds(modifiedAtMs) <= since) return { outcome: 'not-modified' };
  }
  return { outcome: 'proceed' };
}

/** A header's list of ETags, quoted or not, or `*`. */
export function matchesETag(header: string, etag: string): boolean {
  return header.split(',').some((entry) => {
    const value = entry.trim().replace(/^W\//, '').replaceAll('"', '');
    return value === '*' || value === etag;
  });
}

export interface WriteConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** Reads and checks the two headers of a conditional write, of which only one may be there. */
export function readWriteConditions(header: (name: string) => string | undefined): WriteConditions {
  const ifMatch = header('if-match');
  const ifNoneMatch = header('if-none-match');
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw unimplemented(
      'If-Match,If-None-Match',
      'Multiple conditional request headers present in the request',
    );
  }
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw unimplemented(
      'If-None-Match',
      "We don't accept the provided value of If-None-Match header for this API",
    );
  }
  return { ifMatch, ifNoneMatch };
}

/** S3's own refusal, not the emulator's. */
function unimplemented(header: string, additionalMessage: string) {
  return s3Error('NotImplemented', { details: { Header: header, additionalMessage } });
}

/** Throws what S3 answers if the write may not be; `current` is the latest version, unless that is a delete marker. */
export function refuseWrite(
  { ifMatch, ifNoneMatch }: WriteConditions,
  { current, key }: { current: Validators | undefined; key: string },
): void {
  if (ifNoneMatch !== undefined && current) {
    throw s3Error('PreconditionFailed', { details: { Condition: 'If-None-Match' } });
  }
  if (ifMatch === undefined) return;
  if (!current) throw s3Error('NoSuchKey', { details: { Key: key } });
  if (!matchesETag(ifMatch, current.etag)) {
    throw s3Error('PreconditionFailed', { details: { Condition: 'If-Match' } });
  }
}
