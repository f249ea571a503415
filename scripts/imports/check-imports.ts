import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findUpwardImports } from './check-folders.ts';
import { judgePackageImport, type Layers, layerOf, type Package } from './check-packages.ts';
import { type Import, readImports } from './read-imports.ts';

export interface ImportRules {
  readonly layers: Layers;
  /** Names of packages that every package's tests may import. */
  readonly forTests: readonly string[];
  /** Folders whose files do not import one another, not even a type. */
  readonly unconnected?: readonly string[];
}

/**
 * What is wrong with the imports of a workspace, a line or more for each: circles and upward imports within a package,
 * and imports against the layers of the packages.
 */
export function checkImports({
  root,
  layers,
  forTests,
  unconnected = [],
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
  for (const directory of [...packages.map((each) => `${each.directory}/src`), 'scripts'])
    offences.push(...checkCircles(directory, readImports(root, directory)));
  for (const folder of unconnected) {
    const isInside = (file: string | undefined) => file?.startsWith(`${folder}/`) ?? false;
    for (const one of readImports(root, folder)) {
      if (isInside(one.to))
        offences.push(`${describe(one)}\n    files of ${folder} do not import one another`);
    }
  }
  return offences;
}

function checkCircles(directory: string, imports: readonly Import[]): string[] {
  return findUpwardImports(directory, imports).map(
    ({ import: one, folder, circle }) =>
      `${describe(one)}\n    closes a circle in ${folder}: ${circle.join(' → ')}`,
  );
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
