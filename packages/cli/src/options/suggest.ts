import { distance } from 'fastest-levenshtein';

/** More of them are a list, and --help has it. */
const mostWithOneBeginning = 3;

/** The words that were probably meant: the nearest, or the few that begin so; empty where none is near. */
function meantBy(word: string, known: readonly string[]): readonly string[] {
  const typed = word.toLowerCase();
  // Of those equally near, one of the same letters: they were typed in another order.
  const rank = (candidate: string) => Number(lettersOf(candidate.toLowerCase()) !== lettersOf(typed));
  const ranked = known
    .map((candidate) => ({ candidate, apart: distance(typed, candidate.toLowerCase()) }))
    .sort((one, other) => one.apart - other.apart || rank(one.candidate) - rank(other.candidate));
  const [best] = ranked;
  if (best && best.apart <= limit(Math.min(typed.length, best.candidate.length))) return [best.candidate];
  const longer =
    typed.length < 3 ? [] : known.filter((candidate) => candidate.toLowerCase().startsWith(typed));
  return longer.length <= mostWithOneBeginning ? longer : [];
}

function lettersOf(word: string): string {
  return [...word].sort().join('');
}

/** Two letters exchanged are two edits; in a word of three, two edits make any word of another. */
function limit(length: number): number {
  return length <= 2 ? 1 : Math.max(2, Math.floor(length / 3));
}

/** ` Did you mean "import"?`, to follow a message; empty where nothing is near. */
export function didYouMean(
  word: string,
  known: readonly string[],
  quote: (meant: string) => string = (meant) => JSON.stringify(meant),
): string {
  const meant = meantBy(word, known).map(quote);
  return meant.length === 0 ? '' : `. Did you mean ${meant.join(' or ')}?`;
}
