import { redactUrl } from '@ec2-image/redact';
import { Lexer, parse, parseDocument, visit } from 'yaml';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A YAML file without the credentials, queries and fragments of the URLs in its values, keys and comments. */
export function withoutSecrets(source: string): string {
  const edits = [...valueEdits(source), ...commentEdits(source)].sort((a, b) => b.start - a.start);
  return edits.reduce(
    (text, { start, end, text: into }) => text.slice(0, start) + into + text.slice(end),
    source,
  );
}

function valueEdits(source: string): Edit[] {
  const edits: Edit[] = [];
  visit(parseDocument(source), {
    Scalar(_, { value, range, type }) {
      if (typeof value !== 'string' || !range) return;
      const redacted = withoutUrlSecrets(value);
      if (redacted === value) return;
      const [start, end] = range;
      const written = source.slice(start, end);
      const inPlace = withoutUrlSecrets(written);
      const isSame = type !== 'BLOCK_FOLDED' && type !== 'BLOCK_LITERAL' && parse(inPlace) === redacted;
      const lineEnd = /\r?\n$/.exec(written)?.[0] ?? '';
      edits.push({ start, end, text: isSame ? inPlace : JSON.stringify(redacted) + lineEnd });
    },
  });
  return edits;
}

function commentEdits(source: string): Edit[] {
  const edits: Edit[] = [];
  let start = 0;
  let isScalarNext = false;
  for (const token of new Lexer().lex(source)) {
    // What the lexer says besides the text itself: a document, the end of flow, a scalar.
    if (token === '\x02' || token === '\x18' || token === '\x1f') {
      isScalarNext = token === '\x1f';
      continue;
    }
    const end = start + token.length;
    if (token.startsWith('#') && !isScalarNext) edits.push({ start, end, text: withoutUrlSecrets(token) });
    isScalarNext = false;
    start = end;
  }
  return edits;
}

/** Only what has credentials, a query or a fragment is touched, and variables are kept as they are written. */
export function withoutUrlSecrets(text: string): string {
  // A scheme is short: a search for one of any length would start at each dot of `a.a.a.a` and run to the text's end.
  return text.replace(/\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>]+/gi, (url) => {
    if (!/[?#@]/.test(url)) return url;
    const variables: string[] = [];
    const plain = url.replace(/\$\{[^}]{0,200}\}/g, (variable) => `variable${variables.push(variable) - 1}x`);
    return redactUrl(plain).replace(/variable(\d+)x/g, (_, index) => variables[Number(index)] ?? '');
  });
}
