import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkImports, type ImportRules } from '../imports/check-imports.ts';

const rules: ImportRules = {
  layers: [['packages/base'], ['packages/left', 'packages/right', 'packages/emulator'], ['packages/top']],
  forTests: ['packages/emulator'],
};

/** What the check says of a workspace with these files; every package named in them has its manifest. */
async function check(files: Readonly<Record<string, string>>, changed: Partial<ImportRules> = {}) {
  const root = await mkdtemp(join(tmpdir(), 'check-imports-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const names = new Set(['base', 'left', 'right', 'emulator', 'top']);
  for (const path of Object.keys(files)) {
    if (path.startsWith('packages/')) names.add(path.split('/')[1]!);
  }
  const manifests = [...names].map(
    (name) => [`packages/${name}/package.json`, JSON.stringify({ name: `@it/${name}` })] as const,
  );
  for (const [path, text] of [...manifests, ...Object.entries(files)]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return checkImports({ root, ...rules, ...changed });
}

describe('within a package', () => {
  test('imports in one direction are right: of files, of folders, and from the index', async () => {
    expect(
      await check({
        'packages/left/src/index.ts': `export { a } from './a.ts';\nexport * from './room/b.ts';`,
        'packages/left/src/a.ts': `import { b } from './room/b.ts';\nexport const a = b;`,
        'packages/left/src/room/b.ts': `import type { C } from './c.ts';\nexport const b: C = 1;`,
        'packages/left/src/room/c.ts': `import '../errors.ts';\nexport type C = number;`,
        'packages/left/src/errors.ts': '',
        'packages/left/test/a.test.ts': `import { a } from '../src/a.ts';\nimport '@it/left';`,
      }),
    ).toEqual([]);
  });

  test.each([
    ['import', `import { a } from './a.ts';`],
    ['import of a type', `import type { A } from './a.ts';`],
    ['import of one type among values', `import { type A } from './a.ts';`],
    ['import for its effects', `import './a.ts';`],
    ['export', `export { a } from './a.ts';`],
    ['export of types', `export type { A } from './a.ts';`],
    ['export of everything', `export * from './a.ts';`],
    ['import while running', `const { a } = await import('./a.ts');`],
    ['type that names a file', `export type A = import('./a.ts').A;`],
  ])('a circle closed by this is found: %s', async (_, closing) => {
    expect(
      await check({
        'packages/left/src/a.ts': `import { b } from './b.ts';\nimport { b2 } from './b.ts';`,
        'packages/left/src/b.ts': `\n\n${closing}`,
      }),
    ).toEqual([
      'packages/left/src/b.ts:3 imports ./a.ts\n    closes a circle in packages/left/src: b.ts → a.ts → b.ts',
    ]);
  });

  test('a circle through several files of a folder is found, and nothing beside it is blamed', async () => {
    expect(
      await check({
        'packages/left/src/index.ts': `export * from './room/a.ts';`,
        'packages/left/src/room/a.ts': `import './b.ts';\nimport './d.ts';`,
        'packages/left/src/room/b.ts': `import './c.ts';`,
        'packages/left/src/room/c.ts': `import './a.ts';`,
        'packages/left/src/room/d.ts': '',
      }),
    ).toEqual([expect.stringMatching(/closes a circle in packages\/left\/src\/room: .*a\.ts/)]);
  });

  test('an import from a lower folder into a higher one is found, though no files form a circle', async () => {
    expect(
      await check({
        'packages/left/src/commands/run.ts': `import '../render/table.ts';`,
        'packages/left/src/commands/show.ts': `import '../render/table.ts';`,
        'packages/left/src/commands/settings.ts': '',
        'packages/left/src/render/table.ts': '',
        'packages/left/src/render/view.ts': `import type { S } from '../commands/settings.ts';`,
      }),
    ).toEqual([
      'packages/left/src/render/view.ts:1 imports ../commands/settings.ts\n' +
        '    closes a circle in packages/left/src: render/ → commands/ → render/',
    ]);
  });

  test('so is one by way of a third folder, and one deeper down', async () => {
    const deep = 'packages/left/src/deep';
    expect(
      await check({
        [`${deep}/one/a.ts`]: `import '../two/a.ts';`,
        [`${deep}/one/b.ts`]: '',
        [`${deep}/two/a.ts`]: '',
        [`${deep}/two/b.ts`]: `import '../between.ts';`,
        [`${deep}/between.ts`]: `import './one/b.ts';`,
      }),
    ).toEqual([expect.stringContaining(`closes a circle in ${deep}: `)]);
  });

  test('files of an unconnected folder do not import one another, not even a type', async () => {
    const rungs = 'packages/left/src/rungs';
    const files = {
      [`${rungs}/a.ts`]: `import type { B } from './b.ts';\nimport '../run.ts';`,
      [`${rungs}/b.ts`]: '',
      'packages/left/src/run.ts': '',
      'packages/left/src/ladder.ts': `import './rungs/a.ts';\nimport './rungs/b.ts';`,
    };
    expect(await check(files)).toEqual([]);
    expect(await check(files, { unconnected: [rungs] })).toEqual([
      `${rungs}/a.ts:1 imports ./b.ts\n    files of ${rungs} do not import one another`,
    ]);
  });

  test('what stands in a comment or a string is not an import', async () => {
    expect(
      await check({
        'packages/left/src/a.ts': `import './b.ts';`,
        'packages/left/src/b.ts': `// import './a.ts';\nexport const text = "import './a.ts';";`,
      }),
    ).toEqual([]);
  });

  test('a file that imports itself or its own package is found', async () => {
    expect(
      await check({
        'packages/left/src/a.ts': `import './a.ts';`,
        'packages/left/src/b.ts': `import '@it/left';`,
      }),
    ).toEqual([
      expect.stringContaining('packages/left/src/b.ts:1 imports @it/left'),
      expect.stringContaining('packages/left/src/a.ts:1 imports ./a.ts'),
    ]);
  });

  test('the scripts of the workspace are held to the same', async () => {
    expect(
      await check({ 'scripts/a.ts': `import './b.ts';`, 'scripts/b.ts': `import './a.ts';` }),
    ).toHaveLength(1);
  });

  test('a file that cannot be parsed fails the check', async () => {
    await expect(check({ 'packages/left/src/a.ts': 'import {' })).rejects.toThrow('packages/left/src/a.ts');
  });
});

describe('between packages', () => {
  test('lower layers may be imported, and the emulator by tests', async () => {
    expect(
      await check({
        'packages/top/src/a.ts': `import '@it/left';\nimport '@it/right/part';\nimport '@it/base';`,
        'packages/left/src/a.ts': `import '@it/base';\nimport 'node:fs';\nimport 'elsewhere';`,
        'packages/left/test/a.test.ts': `import '@it/emulator/testing';`,
      }),
    ).toEqual([]);
  });

  test.each([
    ['of its own layer', 'src/a.ts', '@it/right', 'within one layer'],
    ['of its own layer, of a type', 'src/a.ts', '@it/right/part', 'within one layer'],
    ['of its own layer, in a test', 'test/a.test.ts', '@it/right', 'within one layer'],
    ['of the emulator, in its source', 'src/a.ts', '@it/emulator', 'within one layer'],
    ['of a higher layer', 'src/a.ts', '@it/top', 'a higher layer'],
    ['into the source of another, by its name', 'test/a.test.ts', '@it/base/src/a.ts', 'reaches into'],
    ['into the source of another, by path', 'test/a.test.ts', '../../base/src/a.ts', 'reaches out of'],
  ])('an import %s is found', async (_, file, specifier, wrong) => {
    const offences = await check({ [`packages/left/${file}`]: `import type { A } from '${specifier}';` });
    expect(offences).toEqual([expect.stringContaining(wrong)]);
    expect(offences[0]).toContain(`packages/left/${file}:1 imports ${specifier}`);
  });

  test('a package in no layer is found', async () => {
    expect(await check({ 'packages/new/src/a.ts': `import '@it/top';` })).toEqual([
      expect.stringContaining('packages/new has no layer'),
    ]);
  });
});
