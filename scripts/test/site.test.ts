import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mapLinks } from '../../site/src/links.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

describe('a link of the documentation, in the site', () => {
  const pages = new Map([
    ['docs/ci.md', 'ci.md'],
    ['README.md', 'readme.md'],
  ]);
  const isAsset = (path: string) => path.startsWith('docs/iam/');
  test.each([
    ['docs/ci.md', '[a](../README.md#use)', '[a](./readme.md#use)'],
    ['README.md', '[a](docs/ci.md)', '[a](./ci.md)'],
    ['README.md', '[a](docs/iam/plan.json)', '[a](/iam/plan.json)'],
    ['README.md', '[`a`](CONTRIBUTING.md)', '[`a`](https://git.example/CONTRIBUTING.md)'],
    ['docs/ci.md', '[a](../packages/cli/src/x.ts)', '[a](https://git.example/packages/cli/src/x.ts)'],
    ['docs/ci.md', '[a](https://aws.amazon.com/s3)', '[a](https://aws.amazon.com/s3)'],
    ['docs/ci.md', '[a](#elsewhere)', '[a](#elsewhere)'],
    ['docs/ci.md', '```md\n[a](../README.md)\n```', '```md\n[a](../README.md)\n```'],
  ])('of %s: %s', (from, markdown, expected) => {
    expect(mapLinks(markdown, { from, pages, isAsset, repository: 'https://git.example' })).toBe(expected);
  });

  test('to a file that is nowhere is its text alone', () => {
    expect(mapLinks('[a](CONTRIBUTING.md)', { from: 'README.md', pages, isAsset })).toBe('a');
  });
});

/** GitHub's and VitePress's name of a heading, as far as these documents go. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/`|\[|\]\([^)]*\)/g, '')
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/*.md', { cwd: root })];

test.each(documents)('every link in %s leads to a file and a heading that exist', (document) => {
  const prose = read(document).replace(/^```.*?^```$/gms, '');
  const targets = [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target!);
  const dead = targets.filter((target) => {
    if (/^[a-z]+:/i.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const place = path === '' ? document : posix.join(posix.dirname(document), path);
    if (globSync(place, { cwd: root }).length === 0) return true;
    if (anchor === undefined) return false;
    const headings = [...read(place).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => slugOf(heading!));
    return !headings.includes(anchor);
  });
  expect(dead).toEqual([]);
});
