import { type Document, isScalar, visit, type YAMLParseError } from 'yaml';

type Code = YAMLParseError['code'];

const quoteIt = 'put the text in quotes';

/** What is wrong in a file that is not YAML, for every code that the parser has. */
const words: Readonly<Record<Code, string>> = {
  ALIAS_PROPS: 'YAML aliases are not supported',
  BAD_ALIAS: `YAML aliases and anchors are not supported; if the value begins with * or &, ${quoteIt}`,
  BAD_COLLECTION_TYPE: 'the tag (!…) does not fit the mapping or list behind it',
  BAD_DIRECTIVE: `a line that begins with % is a directive that YAML does not have; ${quoteIt} if it is a value`,
  BAD_DQ_ESCAPE: 'no such escape in double quotes: write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: 'the line is not indented as its neighbours of the same level are',
  BAD_PROP_ORDER: 'an anchor or a tag stands before the "-", "?" or ":" that it belongs behind',
  BAD_SCALAR_START: `a value cannot begin with this character; ${quoteIt}`,
  BLOCK_AS_IMPLICIT_KEY: `a second "key:" in one value: begin a new line with the indentation of its level, or ${quoteIt}`,
  BLOCK_IN_FLOW:
    'inside { } and [ ] a list or mapping needs { } or [ ], too; perhaps a closing one is missing above',
  DUPLICATE_KEY: 'the key is there twice',
  IMPOSSIBLE: 'this cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'a key has at most 1024 characters',
  MISSING_CHAR: 'a character is missing',
  MULTILINE_IMPLICIT_KEY: 'expected "key: value" on one line; perhaps the ":" or a closing quote is missing',
  MULTIPLE_ANCHORS: 'a value has at most one anchor (&…)',
  MULTIPLE_DOCS: 'the file has several documents, separated by ---; only one is supported',
  MULTIPLE_TAGS: 'a value has at most one tag (!…)',
  NON_STRING_KEY: 'a key must be text',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  TAB_AS_INDENT: 'tabs are not allowed as indentation: use spaces',
  TAG_RESOLVE_FAILED: `the tag (!…) is unknown or does not fit the value; ${quoteIt} if it begins with !`,
  UNEXPECTED_TOKEN: `something stands here that does not belong to the value before it; ${quoteIt} if it does`,
};

/** Where the parser's own sentence says more than its code: which character is missing, and what the key is. */
const missing: readonly (readonly [RegExp, string])[] = [
  [/closing (["'])quote/, 'the closing $1 is missing'],
  [/must (?:be .*)?end with an? ([\]}])/, 'the closing $1 is missing, or not indented'],
  [/Missing , or :/, '"," or ":" is missing between two entries'],
  [/Missing ,/, '"," is missing between two entries'],
  [/Missing space after :/, 'a space is missing after ":"'],
  [/Comments must/, 'a space is missing before "#"'],
  [/Implicit map keys/, 'expected "key: value": the ":" is missing'],
  [/without - indicator/, '"- " is missing before an element of the list'],
];

/** What the parser says of the rest mostly follows from the first; of a key that is there twice it does not. */
export function independentErrors({ errors }: Document): readonly YAMLParseError[] {
  return errors.every(({ code }) => code === 'DUPLICATE_KEY') ? errors : errors.slice(0, 1);
}

/** @returns the keys that lead to the place, as far as they are known, and what is wrong there */
export function describeYamlProblem(
  document: Document,
  { code, message, pos }: YAMLParseError,
  source: string,
): { readonly keys: readonly string[]; readonly problem: string } {
  const exact = missing.flatMap(([shape, into]) => {
    const match = shape.exec(message);
    return match ? into.replace('$1', match[1] ?? '') : [];
  });
  const problem = exact[0] ?? words[code];
  if (ofFile.includes(code)) return { keys: [], problem };
  // A line that belongs nowhere has no place in the document.
  const own =
    code === 'BAD_INDENT' && exact.length === 0 ? /^[ \t]*([^\s#:]+):/.exec(lineAt(source, pos[0])) : null;
  return { keys: own ? [own[1]!] : keysAt(document, pos[0] + (ofKey.includes(code) ? 1 : 0)), problem };
}

const ofFile: readonly Code[] = ['MULTIPLE_DOCS', 'BAD_DIRECTIVE', 'RESOURCE_EXHAUSTION'];
/** Their place is the key itself; that of the others is in its value. */
const ofKey: readonly Code[] = ['DUPLICATE_KEY', 'MISSING_CHAR'];

function lineAt(source: string, offset: number): string {
  const start = offset === 0 ? 0 : source.lastIndexOf('\n', offset - 1) + 1;
  return source.slice(start).split('\n', 1)[0]!;
}

/** Of the last key that begins before the place. */
function keysAt(document: Document, end: number): string[] {
  let keys: string[] = [];
  visit(document, {
    Pair(_, { key }, path) {
      if (!isScalar(key) || !key.range || key.range[0] >= end) return;
      const above = path.flatMap((one) => ('key' in one && isScalar(one.key) ? String(one.key.value) : []));
      keys = [...above, String(key.value)];
    },
  });
  return keys;
}
