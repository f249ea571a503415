/** A pattern for one element of a path: `*` stands for any characters, `[0-9]` and `[!a-c]` for one. */
export interface Glob {
  readonly text: string;
  /** Whether it stands for more than itself. */
  readonly isPattern: boolean;
  /** What each `*` and set stands for in the name, as short as can be; undefined where the name does not match. */
  match(name: string): readonly string[] | undefined;
}

type Token = '*' | ((character: string) => boolean);

/**
 * Takes time in proportion to pattern and name, multiplied: never more.
 *
 * @throws SyntaxError where a `[` has no `]`
 */
export function parseGlob(text: string): Glob {
  const tokens: Token[] = [];
  let isPattern = false;
  const characters = Array.from(text);
  const isCaptured: boolean[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === '*') {
      isPattern = true;
      if (tokens.at(-1) !== '*') tokens.push('*');
    } else if (character === '[') {
      isPattern = true;
      const end = characters.indexOf(']', at + 2);
      if (end < 0) throw new SyntaxError(`"[" without "]" in ${text}`);
      isCaptured[tokens.length] = true;
      tokens.push(setOf(characters.slice(at + 1, end)));
      at = end;
    } else {
      tokens.push((other) => other === character);
    }
  }
  return { text, isPattern, match: (name) => matchTokens(tokens, isCaptured, Array.from(name)) };
}

function setOf(characters: readonly string[]): (character: string) => boolean {
  const isNegated = characters[0] === '!' || characters[0] === '^';
  const members = isNegated ? characters.slice(1) : characters;
  const ranges: [string, string][] = [];
  for (let at = 0; at < members.length; at++) {
    const isRange = members[at + 1] === '-' && at + 2 < members.length;
    ranges.push([members[at]!, members[isRange ? at + 2 : at]!]);
    if (isRange) at += 2;
  }
  return (character) => ranges.some(([from, to]) => from <= character && character <= to) !== isNegated;
}

/** Goes back to the last `*` alone, which is enough: what the ones before it stand for is as short as can be. */
function matchTokens(
  tokens: readonly Token[],
  isCaptured: readonly boolean[],
  name: readonly string[],
): string[] | undefined {
  /** Where in the name each token begins. */
  const starts: number[] = [];
  let [token, at] = [0, 0];
  let star = -1;
  let starEnd = 0;
  while (at < name.length || token < tokens.length) {
    const current = tokens[token];
    if (current === '*') {
      starts[token] = at;
      star = token++;
      starEnd = at;
    } else if (current !== undefined && at < name.length && current(name[at]!)) {
      starts[token++] = at++;
    } else if (star >= 0 && starEnd < name.length) {
      at = ++starEnd;
      token = star + 1;
    } else {
      return undefined;
    }
  }
  return tokens.flatMap((one, index) => {
    if (one !== '*' && !isCaptured[index]) return [];
    return name.slice(starts[index], starts[index + 1] ?? name.length).join('');
  });
}
