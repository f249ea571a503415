import { distance } from 'fastest-levenshtein';

/** The word that was probably meant; undefined where none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, apart: distance(typed, candidate.toLowerCase()) }))
    .sort((one, other) => one.apart - other.apart);
  const [best] = ranked;
  if (best && best.apart <= limit(Math.min(typed.length, best.candidate.length))) return best.candidate;
  const longer =
    typed.length < 3 ? [] : known.filter((candidate) => candidate.toLowerCase().startsWith(typed));
  return longer.length === 1 ? longer[0] : undefined;
}

/** Two letters exchanged are two edits; in a word of three, two edits make any word of another. */
function limit(length: number): number {
  return length <= 2 ? 1 : Math.max(2, Math.floor(length / 3));
}

/** ` Did you mean "import"?`, to follow a message; empty where nothing is near. */
export function didYouMean(
  word: string,
  known: readonly string[],
  quote: (meant: string) => string = JSON.stringify,
): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : `. Did you mean ${quote(meant)}?`;
}
