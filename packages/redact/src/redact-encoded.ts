/**
 * A text without the credentials and the queries of percent-encoded URLs, which stand in the paths of others (a proxy's, a
 * redirecting server's). Takes time in proportion to the text.
 */
export function redactEncoded(text: string): string {
  // Most texts have none.
  if (!text.includes('%')) return text;
  return authorities
    .reduce((shown, pattern) => shown.replace(pattern, '$1'), text)
    .replace(words, withoutQuery);
}

/** How often a URL in a URL in a URL may be encoded: `/` is `%2F`, `%252F`, `%25252F`. */
const levels = [0, 1, 2];

/** At each level `//user:password@`, up to the last `@` in front of the next slash of this or a lower level. */
const authorities = levels.map((level) => {
  const encoded = `%${'25'.repeat(level)}`;
  const ends = `%(?!(?:25){0,${level}}(?:2F|3F|23))`;
  return new RegExp(`((?:/|${encoded}2F){2})(?:[^\\s"'<>/?#%]|${ends})*${encoded}40`, 'gi');
});

const words = /[^\s"'<>]+/g;
const slashes = /(?:%(?:25){0,2}2F){2}/i;
const query = /%(?:25){0,2}(?:3F|23)/i;

/** What stands behind the `?` or `#` of an encoded URL in the word, up to the word's end. */
function withoutQuery(word: string): string {
  const start = word.search(slashes);
  if (start < 0) return word;
  const at = word.slice(start).search(query);
  return at < 0 ? word : word.slice(0, start + at);
}
