import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

/** One import, re-export, `import()` or `import('…')` type, and where it stands. */
export interface Import {
  readonly specifier: string;
  /** Of the importing file, relative to the workspace's root, with `/` between the parts. */
  readonly from: string;
  readonly line: number;
  /** What a relative specifier names, in the same form. */
  readonly to?: string;
}

/**
 * Every import in the TypeScript files below a directory, those of types too.
 *
 * @param root of the workspace; the directory is relative to it
 */
export function readImports(root: string, directory: string): Import[] {
  return globSync('**/*.ts', { cwd: join(root, directory) })
    .toSorted()
    .flatMap((file) => readFileImports(root, join(directory, file)));
}

function readFileImports(root: string, from: string): Import[] {
  const text = readFileSync(join(root, from), 'utf8');
  const { program, errors } = parseSync(from, text);
  if (errors.length > 0) throw new Error(`${from} cannot be parsed: ${errors[0]!.message}`);
  return specifiersIn(program).map(({ specifier, start }) => ({
    specifier,
    from,
    line: text.slice(0, start).split('\n').length,
    ...(specifier.startsWith('.') && { to: relative('.', join(dirname(from), specifier)) }),
  }));
}

/** The nodes that name a module, each in its `source` (`import x = require()` in its `expression`). */
const naming = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
  'TSExternalModuleReference',
]);

interface Specifier {
  readonly specifier: string;
  readonly start: number;
}

function specifiersIn(node: unknown): Specifier[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(specifiersIn);
  const { type, source, expression } = node as Record<string, unknown>;
  const module = (source ?? expression) as { value?: unknown; start: number } | undefined;
  const own =
    naming.has(String(type)) && typeof module?.value === 'string'
      ? [{ specifier: module.value, start: module.start }]
      : [];
  return [...own, ...Object.values(node).flatMap(specifiersIn)];
}
