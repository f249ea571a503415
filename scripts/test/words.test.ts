import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findOffences } from '../words/find-offences.ts';

const workspace = {
  sources: [
    'packages/*/{src,test}/**/*.ts',
    'bench/{src,test}/**/*.ts',
    'scripts/*.ts',
    'scripts/imports/*.ts',
    'scripts/test/{check-imports,readmes,setup}.test.ts',
  ],
  documents: ['README.md', 'CONTRIBUTING.md', 'docs/**/*.md', 'packages/*/README.md', 'bench/*.md'],
};

test('messages, comments, names, tests and documents use the words of docs and manuals', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  expect(findOffences(root, { ...workspace })).toEqual([]);
});

/** What the check says of a workspace with these files. */
async function check(files: Readonly<Record<string, string>>, skip?: string[]): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), 'words-'));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return findOffences(root, { ...workspace, ...(skip && { skip }) });
}

describe('a banned phrase is found, with its line and what to write,', () => {
  test.each([
    ['in a string', `const a = 1;\nlog('sending the parts afresh');`, '2: "afresh": write again, retrying'],
    [
      'in a template, across a value',
      'const t = `look ${x}\\nat ${y}: snapshot ${id} exists: it is used`;',
      '1: "it is used"',
    ],
    [
      'in a comment',
      '/** Copies it. */\n// This comment is\n// one.\nexport {};\n// Made anew.',
      '5: "anew"',
    ],
    [
      'across the lines of a comment',
      '/**\n * The file is gone\n * on with.\n */\nexport {};',
      '2: "gone on"',
    ],
    [
      'in the name of a variable',
      'export const a = 1;\nexport const standIn = 2;',
      '2: "standIn": write emulator',
    ],
    ['in the name of a function', 'export function settleKey() {}', '1: "settle'],
    [
      'in the name of a member',
      'export interface A { readonly remains: string }',
      '1: "remains": write leftovers',
    ],
    ['in the name of an imported file', `import './stand-in.ts';`, '1: "stand-in": write emulator'],
  ])('%s', async (_, text, found) => {
    expect(await check({ 'packages/a/src/b/c.ts': text })).toEqual([
      expect.stringContaining(`packages/a/src/b/c.ts:${found}`),
    ]);
  });

  test('in the name of a test', async () => {
    const text = `import { test } from 'vitest';\ntest('an interrupted upload goes on', () => {});\n`;
    expect(await check({ 'packages/a/test/b/c.test.ts': text })).toEqual([
      'packages/a/test/b/c.test.ts:2: "goes on": write resume, continue, last',
    ]);
  });

  test('in every kind of document', async () => {
    const text = '# Title\n\nA table | with a\nstand-in | and a second column\n';
    const paths = ['CONTRIBUTING.md', 'README.md', 'docs/a/b.md', 'docs/c.md', 'packages/a/README.md'];
    expect(await check(Object.fromEntries(paths.map((path) => [path, text])))).toEqual(
      paths.map((path) => `${path}:4: "stand-in": write emulator`),
    );
  });
});

test('plain words, names in back-quotes and skipped packages are no offence', async () => {
  const offence = `export const standIn = 'anew';`;
  expect(
    await check(
      {
        'README.md': 'The image left 3 parts; a call failed. The tag `stand-in` is a name.\n',
        'packages/a/src/a.ts': `// The call is no longer pending.\nexport const settlement = 'amended: 3 images left';`,
        'packages/b/src/b.ts': offence,
        'scripts/test/words.test.ts': offence,
      },
      ['packages/b/'],
    ),
  ).toEqual([]);
});
