import { printable } from './printable.ts';
import { redactText } from './redact-url.ts';

/** A message helps with the beginning of a value; all of it may be a file. */
const maxLength = 200;

/**
 * A value that was given for something else, as a message may repeat it: without the credentials and the query of a URL, with or without
 * its scheme, and without what stands behind the name of a secret. `…` stands for what is left out. Takes time in proportion to the text.
 */
export function redactValue(text: string): string {
  const shown = redactText(text)
    .replace(namedSecret, '$1…')
    .replace(/\S+/g, withoutUserinfo)
    .replace(query, '?…');
  return printable(shown, { maxLength });
}

/** As in `{"password": "…"}`, `token=…` and `X-Amz-Signature=…`. */
const namedSecret =
  /((?:passw(?:or)?d|passphrase|secret|token|signature|credentials?|api[-_]?key|access[-_]?key)[\w-]{0,40}["']?\s{0,4}(?:[:=]|%(?:25){0,2}3[AD])\s{0,4}["']?)[^\s"'&;,}]+/gi;

const query = /\?(?=[\w.%~-]{1,100}=)\S*/g;

/** `user:password@host`: no blank is in it, and no slash in front of its colon. An ARN has colons too, and names with an `@`. */
function withoutUserinfo(word: string): string {
  const at = lastAt(word);
  const colon = at < 0 ? -1 : word.search(/:|%(?:25){0,2}3A/i);
  if (colon < 0 || colon > at || word.slice(0, colon).includes('/') || /^["'(]?arn:/.test(word)) return word;
  return `…${word.slice(at)}`;
}

/** Encoded or not; -1 for none. */
function lastAt(word: string): number {
  let at = -1;
  for (const { index } of word.matchAll(/@|%(?:25){0,2}40/gi)) at = index;
  return at;
}
