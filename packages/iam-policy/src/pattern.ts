import type { RequestContext } from './request-context.ts';

interface Piece {
  readonly text: string;
  /** As written in a variable, or come out of one: `*` and `?` stand for themselves. */
  readonly literal: boolean;
}

const variable = /\$\{([^{}]*)\}/g;
const special: ReadonlySet<string> = new Set(['*', '?', '$']);

/**
 * The policy variables of a value, replaced; undefined where one has no value and no default.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
function substitute(value: string, context: RequestContext): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { 0: whole, 1: inside = '', index } of value.matchAll(variable)) {
    pieces.push({ text: value.slice(at, index), literal: false });
    at = index + whole.length;
    const found = special.has(inside) ? inside : replacementOf(inside, context);
    if (found === undefined) return undefined;
    pieces.push({ text: found, literal: true });
  }
  pieces.push({ text: value.slice(at), literal: false });
  return pieces;
}

/** `aws:username`, or `aws:PrincipalTag/team, 'none'`. */
function replacementOf(inside: string, context: RequestContext): string | undefined {
  const [key = '', ...others] = inside.split(',');
  const values = context.get(key.trim().toLowerCase());
  return values?.length === 1 ? values[0] : /^'([^']*)'$/.exec(others.join(',').trim())?.[1];
}

/** The text itself, its variables replaced. */
export function substituted(value: string, context: RequestContext): string | undefined {
  return substitute(value, context)
    ?.map(({ text }) => text)
    .join('');
}

/** `*` stands for any run of characters, `?` for one. */
export function matchesPattern(pattern: string, value: string, context: RequestContext = new Map()): boolean {
  const pieces = substitute(pattern, context);
  return pieces !== undefined && expressionOf(pieces).test(value);
}

function expressionOf(pieces: readonly Piece[]): RegExp {
  const source = pieces.map(({ text, literal }) => {
    const escaped = text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    return literal ? escaped : escaped.replaceAll('\\*', '.*').replaceAll('\\?', '.');
  });
  return new RegExp(`^${source.join('')}$`, 's');
}

/** An ARN has six parts, and each is compared by itself; the last may hold colons of its own. */
export function matchesArn(pattern: string, arn: string, context: RequestContext = new Map()): boolean {
  if (pattern === '*') return true;
  const wanted = splitArn(pattern);
  const given = splitArn(arn);
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => matchesPattern(part, given[index]!, context))
  );
}

/** Colons inside of a variable are not the ARN's. */
function splitArn(arn: string): string[] {
  const parts = [''];
  let inVariable = false;
  for (const [index, character] of [...arn].entries()) {
    if (arn.startsWith('${', index)) inVariable = true;
    if (character === '}') inVariable = false;
    if (character === ':' && !inVariable && parts.length < 6) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
