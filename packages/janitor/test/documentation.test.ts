import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { keepCodes } from '../src/judge/keep.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${root}docs/janitor.md`, 'utf8');

it('docs/janitor.md explains every reason to keep a resource, and no other', () => {
  const [, table = ''] = page.split('| reason | meaning |');
  const [rows = ''] = table.split('\n\n');
  expect([...rows.matchAll(/^\| `([a-z-]+)`/gm)].map(([, code]) => code).sort()).toEqual(
    [...keepCodes].sort(),
  );
});

it('every reason to keep a resource is given somewhere', () => {
  const judges = sources('judge/*.ts').join('\n');
  for (const code of keepCodes) expect(judges).toMatch(new RegExp(`keep\\(\\s*'${code}'`));
});

it('a rule that a comment refers to is one of docs/janitor.md, which it names', () => {
  const rules = new Set([...page.matchAll(/^(\d+)\. /gm)].map(([, number]) => number));
  const comments = sources('**/*.ts').flatMap((text) => text.match(/\brules? [^\n]*/gi) ?? []);
  const numbered = comments.filter((comment) => /^rules? \d/i.test(comment));
  expect(numbered).not.toEqual([]);
  for (const comment of numbered) {
    expect(comment).toContain('docs/janitor.md');
    for (const [number] of comment.split(' of ')[0]!.matchAll(/\d+/g)) expect(rules).toContain(number);
  }
});

function sources(pattern: string): string[] {
  const directory = `${root}packages/janitor/src/`;
  return globSync(pattern, { cwd: directory }).map((path) => readFileSync(directory + path, 'utf8'));
}
