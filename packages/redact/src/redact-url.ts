/** A URL as it may be shown, logged or tagged: no credentials, no query string, no fragment. Text that is not a URL is returned with what looks like either removed. */
export function redactUrl(url: string | URL): string {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  // A password with a slash in it, or a wrong port, is enough to make a URL with credentials unreadable.
  if (!parsed) return withoutQuery(String(url).replace(/^(\s*[a-z][a-z0-9+.-]*:\/\/).*@/is, '$1'));
  if (parsed.protocol === 'file:' || parsed.host === '') return withoutQuery(String(url));
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  parsed.hash = '';
  return parsed.href;
}

/**
 * The same for every URL that stands in a text, such as somebody else's error message.
 *
 * Takes time in proportion to the text, whatever is in it. A regular expression for the whole URL does not: it tries a scheme at every word of a
 * text without any URL, to the text's end each time.
 */
export function redactText(text: string): string {
  let shown = '';
  let done = 0;
  for (let colon = text.indexOf('://'); colon >= 0; colon = text.indexOf('://', Math.max(colon + 3, done))) {
    const start = schemeStart(text, done, colon);
    afterScheme.lastIndex = colon + 3;
    if (start === colon || !afterScheme.test(text)) continue;
    shown += text.slice(done, start) + redactUrl(text.slice(start, afterScheme.lastIndex));
    done = afterScheme.lastIndex;
  }
  return shown + text.slice(done);
}

const afterScheme = /[^\s"'<>]+/y;

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
