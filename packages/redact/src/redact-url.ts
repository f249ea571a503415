/** A URL as it may be shown, logged or tagged: no credentials, no query string, no fragment. Text that is no URL comes back with what looks like either removed. */
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

/** The same for every URL that stands in a text, such as somebody else's error message. */
export function redactText(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, (url) => redactUrl(url));
}

function withoutQuery(text: string): string {
  return withoutControls(text).replace(/[?#].*$/s, '');
}

function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
}
