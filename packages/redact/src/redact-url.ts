import { redactEncoded } from './redact-encoded.ts';

/**
 * A URL as it may be shown, logged or tagged: no credentials, no query string, no fragment, and none of those of a URL that is
 * encoded in it. Text that is not a URL is returned with what looks like either removed.
 */
export function redactUrl(url: string | URL): string {
  return redactEncoded(redactPlain(url));
}

function redactPlain(url: string | URL): string {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  // A password with a slash in it, or a wrong port, is enough to make a URL with credentials unreadable.
  if (!parsed) return withoutQuery(String(url).replace(/^(\s*(?:[a-z][a-z0-9+.-]*:)?\/\/).*@/is, '$1'));
  if (parsed.protocol === 'file:' || parsed.host === '') return withoutQuery(String(url));
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  parsed.hash = '';
  return parsed.href;
}

/**
 * The same for every URL that stands in a text, such as somebody else's error message; of those without a scheme, only
 * where there are credentials in them.
 *
 * Takes time in proportion to the text, whatever is in it. A regular expression for the whole URL does not: it tries a scheme at every word of a
 * text without any URL, to the text's end each time.
 */
export function redactText(text: string): string {
  let shown = '';
  let done = 0;
  let run: Run = { end: 0, lastAt: -1 };
  let slashes = text.indexOf('//');
  for (; slashes >= 0; slashes = text.indexOf('//', Math.max(slashes + 2, done))) {
    const from = slashes + 2;
    if (from >= run.end) run = runAt(text, from);
    const colon = slashes - 1;
    const start = text[colon] === ':' && colon >= done ? schemeStart(text, done, colon) : colon;
    const hasScheme = colon >= 0 && start < colon;
    const end = hasScheme ? endOfUrl(text, { start, from, run }) : endOfAuthority(text, { from, run });
    if (end === undefined) continue;
    const begin = hasScheme ? start : slashes;
    shown += text.slice(done, begin) + redactPlain(text.slice(begin, end));
    done = end;
  }
  return redactEncoded(shown + text.slice(done));
}

/** What may be of one URL, quotes inside it included. */
interface Run {
  readonly end: number;
  /** Where the last `@` in it is; -1 for none. */
  readonly lastAt: number;
}

/** A quote closes where a blank, a bracket or punctuation follows, and no backslash comes before it: others may be of a password. */
const runPattern = /(?:\\[^\s<>]|[^\s<>"'\\]|\\|["'](?![\s<>,:;.)}\]]|$))+/y;

function runAt(text: string, from: number): Run {
  runPattern.lastIndex = from;
  const end = runPattern.test(text) ? runPattern.lastIndex : from;
  // Within the run alone: a search backwards in the text would go to its beginning for each of them.
  const lastAt = text.slice(from, end).lastIndexOf('@');
  return { end, lastAt: lastAt >= 0 ? from + lastAt : -1 };
}

const unquoted = /[^\s"'<>]+/y;

function unquotedEnd(text: string, from: number): number {
  unquoted.lastIndex = from;
  return unquoted.test(text) ? unquoted.lastIndex : from;
}

/** The URL ends at a quote, unless that is in front of an `@`: then in the credentials. Undefined where it is empty. */
function endOfUrl(
  text: string,
  { start, from, run }: { readonly start: number; readonly from: number; readonly run: Run },
): number | undefined {
  const end = unquotedEnd(text, from);
  const isCut = end < run.end && run.lastAt > end;
  if (isCut && !(text.slice(from, end).includes('@') && URL.canParse(text.slice(start, end))))
    return unquotedEnd(text, run.lastAt + 1);
  return end > from ? end : undefined;
}

const authority = /[^\s<>/?#]+/y;

/** Of `//user:password@host`, the end of the host; undefined where there are no credentials. */
function endOfAuthority(
  text: string,
  { from, run }: { readonly from: number; readonly run: Run },
): number | undefined {
  authority.lastIndex = from;
  if (run.lastAt < from || !authority.test(text)) return undefined;
  const at = text.slice(from, Math.min(authority.lastIndex, run.end)).lastIndexOf('@');
  return at < 0 ? undefined : unquotedEnd(text, from + at + 1);
}

/** Where the scheme that ends at `colon` begins, not before `from`; `colon` itself where there is none. */
function schemeStart(text: string, from: number, colon: number): number {
  let start = colon;
  while (start > from && /[a-z0-9+.-]/i.test(text[start - 1]!)) start--;
  while (start < colon && !/[a-z]/i.test(text[start]!)) start++;
  return start;
}

function withoutQuery(text: string): string {
  return withoutControls(text).replace(/[?#].*$/s, '');
}

function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
}
