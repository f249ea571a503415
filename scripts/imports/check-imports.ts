import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findUpwardImports } from './check-folders.ts';
import { judgePackageImport, type Layers, layerOf, type Package } from './check-packages.ts';
import { type Import, readImports } from './read-imports.ts';

export interface ImportRules {
  readonly layers: Layers;
  /** Names of packages that every package's tests may import. */
  readonly forTests: readonly string[];
  /** Upward imports that are known and wait to be removed: importing file → the files it imports. */
  readonly known: Readonly<Record<string, readonly string[]>>;
}

/**
 * What is wrong with the imports of a workspace, a line or more for each: circles and upward imports within a package,
 * imports against the layers of the packages, and known offences that offend no more.
 */
export function checkImports({
  root,
  layers,
  forTests,
  known,
}: { readonly root: string } & ImportRules): string[] {
  const packages = findPackages(root);
  const offences = packages
    .filter((each) => layerOf(layers, each) < 0)
    .map(({ directory }) => `${directory} has no layer: add it to scripts/imports/layers.ts`);
  for (const each of packages) {
    for (const one of ['src', 'test'].flatMap((part) => readImports(root, `${each.directory}/${part}`))) {
      const wrong = judgePackageImport({ import: one, of: each, packages, layers, forTests });
      if (wrong) offences.push(`${describe(one)}\n    ${wrong}`);
    }
  }
  const excused = new Set(
    Object.entries(known).flatMap(([from, all]) => all.map((to) => keyOf({ from, to }))),
  );
  for (const directory of [...packages.map((each) => `${each.directory}/src`), 'scripts']) {
    const found = checkCircles({ directory, imports: readImports(root, directory), excused });
    offences.push(...found.offences);
    for (const key of found.needed) excused.delete(key);
  }
  return [
    ...offences,
    ...Array.from(
      excused,
      (key) => `${key}\n    offends no more: remove the entry from scripts/imports/known.ts`,
    ),
  ];
}

/** The circles of one directory, and which of the excused imports would close one more. */
function checkCircles({
  directory,
  imports,
  excused,
}: {
  readonly directory: string;
  readonly imports: readonly Import[];
  readonly excused: ReadonlySet<string>;
}): { readonly offences: readonly string[]; readonly needed: readonly string[] } {
  const isExcused = (one: Import) => excused.has(keyOf(one));
  const upward = findUpwardImports(
    directory,
    imports.filter((one) => !isExcused(one)),
  );
  const offending = new Set(upward.map((each) => each.import));
  let sound = imports.filter((one) => !isExcused(one) && !offending.has(one));
  const needed: string[] = [];
  for (const one of imports.filter(isExcused)) {
    if (findUpwardImports(directory, [...sound, one]).length > 0) needed.push(keyOf(one));
    else sound = [...sound, one];
  }
  const offences = upward.map(
    ({ import: one, folder, circle }) =>
      `${describe(one)}\n    closes a circle in ${folder}: ${circle.join(' → ')}`,
  );
  return { offences, needed };
}

function findPackages(root: string): Package[] {
  return globSync(['packages/*/package.json', 'bench/package.json'], { cwd: root })
    .toSorted()
    .map((manifest) => ({
      name: JSON.parse(readFileSync(join(root, manifest), 'utf8')).name,
      directory: dirname(manifest),
    }));
}

function describe({ from, line, specifier }: Import): string {
  return `${from}:${line} imports ${specifier}`;
}

function keyOf({ from, to }: { readonly from: string; readonly to?: string }): string {
  return `${from} → ${to}`;
}
