type Quote = '"' | "'";

/** A command line of bash as it stands before the cursor. */
export interface ShellLine {
  /** The finished words, unquoted, the command's name first. */
  readonly words: readonly string[];
  /** The word at the cursor, unquoted as far as it is typed; empty behind a blank. */
  readonly word: string;
  /** How much of `word` stands before what readline replaces: after the last `=` or `:`, or after an open quote. */
  readonly kept: number;
  /** The quote that is still open. */
  readonly quote?: Quote;
}

/**
 * Takes a line apart as bash does, without expanding anything: `$(…)` is text.
 *
 * @param options.wordBreaks readline's, of `COMP_WORDBREAKS`
 */
export function parseShellLine(line: string, { wordBreaks }: { readonly wordBreaks: string }): ShellLine {
  const breaks = ['=', ':'].filter((character) => wordBreaks.includes(character));
  const words: string[] = [];
  let word = '';
  let started = false;
  let kept = 0;
  let quote: Quote | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at]!;
    const next = line[at + 1];
    if (character === '\\' && quote !== "'" && next !== undefined) {
      // Between double quotes, a backslash is one unless it stands before what it can quote.
      word += quote === '"' && !/["\\$`]/.test(next) ? `\\${next}` : next;
      started = true;
      at += 1;
    } else if (quote) {
      if (character === quote) quote = undefined;
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      started = true;
      kept = word.length;
    } else if (/[ \t\n]/.test(character)) {
      if (started) words.push(word);
      word = '';
      started = false;
      kept = 0;
    } else {
      word += character;
      started = true;
      if (breaks.includes(character)) kept = word.length;
    }
  }
  return { words, word, kept, ...(quote && { quote }) };
}

/** What readline puts in place of the word's end, so that bash reads the whole word as `candidate`. */
export function quoteForBash(candidate: string, { kept, quote }: Pick<ShellLine, 'kept' | 'quote'>): string {
  const rest = candidate.slice(kept);
  if (quote === "'") return rest.replaceAll("'", `'\\''`);
  // History expansion heeds no backslash there.
  if (quote === '"') return rest.replace(/["\\$`]/g, '\\$&').replaceAll('!', `"'!'"`);
  return rest.replace(/[^A-Za-z0-9@%+=:,./_\u0080-\uffff-]/g, '\\$&');
}
