import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { type Banned, bannedNames, bannedPhrases } from './banned-phrases.ts';

interface Passage {
  readonly text: string;
  readonly start: number;
  readonly isName: boolean;
}

/**
 * What the sources and documents below a directory say that `banned-phrases.ts` does not allow, one line for each:
 * `packages/fetch/src/retry.ts:12: "anew": write again, retrying`.
 *
 * @param root of the workspace
 * @param options.sources globs of TypeScript files: their string and template literals, comments and names
 * @param options.documents globs of Markdown files
 * @param options.skip prefixes of paths that are not read
 */
export function findOffences(
  root: string,
  {
    sources,
    documents,
    skip = [],
  }: {
    readonly sources: readonly string[];
    readonly documents: readonly string[];
    readonly skip?: readonly string[];
  },
): string[] {
  const files = (patterns: readonly string[]) =>
    globSync(patterns, { cwd: root, exclude: ['**/node_modules', '**/dist'] })
      .filter((file) => !skip.some((prefix) => file.startsWith(prefix)))
      .toSorted();
  const check = (file: string, read: (file: string, text: string) => Passage[]) => {
    const text = readFileSync(join(root, file), 'utf8');
    return read(file, text).flatMap((passage) => offencesIn({ file, text, passage }));
  };
  const found = [
    ...files(sources).flatMap((file) => check(file, readSource)),
    ...files(documents).flatMap((file) => check(file, readDocument)),
  ];
  // A name that is imported is there twice: as it is exported, and as it is used here.
  return [...new Set(found)];
}

function offencesIn({
  file,
  text,
  passage,
}: {
  readonly file: string;
  readonly text: string;
  readonly passage: Passage;
}): string[] {
  const { flat, offsets } = flatten(passage.text);
  return (passage.isName ? bannedNames : bannedPhrases).flatMap(({ pattern, instead }: Banned) =>
    [...flat.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map(({ 0: found, index }) => {
      const line = text.slice(0, passage.start + offsets[index]!).split('\n').length;
      return `${file}:${line}: "${found}": write ${instead}`;
    }),
  );
}

/** In one line, since a phrase may run over the end of one; `offsets` has the place in `text` of every character. */
function flatten(text: string): { flat: string; offsets: number[] } {
  let flat = '';
  const offsets: number[] = [];
  for (const { 0: piece, index } of text.matchAll(/\s*\n\s*(?:(?:\*|\/\/|>)(?=\s))?\s*|[\s\S]/g)) {
    flat += piece.length > 1 || /\s/.test(piece) ? ' ' : piece;
    offsets.push(index);
  }
  return { flat, offsets };
}

function readSource(file: string, text: string): Passage[] {
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]!.message}`);
  return [
    ...comments.map(({ value, start }) => ({ text: value, start: start + 2, isName: false })),
    ...passagesIn(program),
  ];
}

function passagesIn(node: unknown): Passage[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(passagesIn);
  const { type, start, value, name, quasis } = node as Record<string, unknown> & { start: number };
  const own = { start, isName: false };
  if (type === 'Literal' && typeof value === 'string') return [{ ...own, text: value }];
  if (type === 'Identifier' && typeof name === 'string') return [{ ...own, text: name, isName: true }];
  const inner = Object.values(node).flatMap(passagesIn);
  if (type !== 'TemplateLiteral') return inner;
  const text = (quasis as { value: { raw: string } }[]).map(({ value: { raw } }) => raw).join('…');
  return [{ ...own, text }, ...inner];
}

/** What stands between back-quotes is a name or an example. */
function readDocument(_file: string, text: string): Passage[] {
  return [{ text: text.replace(/`[^`\n]*`/g, (code) => '…'.repeat(code.length)), start: 0, isName: false }];
}
