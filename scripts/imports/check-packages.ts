import type { Import } from './read-imports.ts';

export interface Package {
  /** As others import it. */
  readonly name: string;
  /** Relative to the workspace's root: `packages/fetch`. */
  readonly directory: string;
}

/** Directories of packages, the lowest layer first. */
export type Layers = readonly (readonly string[])[];

/** What is wrong with an import of one package from another, or undefined. */
export function judgePackageImport({
  import: { from, to, specifier },
  of,
  packages,
  layers,
  forTests,
}: {
  readonly import: Import;
  /** The package that imports. */
  readonly of: Package;
  readonly packages: readonly Package[];
  readonly layers: Layers;
  /** Names of packages that every package's tests may import. */
  readonly forTests: readonly string[];
}): string | undefined {
  if (to !== undefined) {
    return within(of, to) ? undefined : `reaches out of ${of.directory}; import another package by its name`;
  }
  const imported = packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  if (imported === undefined) return undefined;
  if (/^\/(src|dist|test)(\/|$)/.test(specifier.slice(imported.name.length))) {
    return `reaches into ${imported.directory}; import what the package exports`;
  }
  if (imported === of) {
    return inSource(of, from) ? 'imports its own package; import the file instead' : undefined;
  }
  if (!inSource(of, from) && forTests.includes(imported.directory)) return undefined;
  const [own, its] = [layerOf(layers, of), layerOf(layers, imported)];
  // A package without a layer is reported once, by itself.
  if (own < 0 || its < 0 || its < own) return undefined;
  return its === own
    ? `is an import within one layer; ${of.directory} and ${imported.directory} may not import one another`
    : `is an import of a higher layer, which ${imported.directory} belongs to`;
}

export function layerOf(layers: Layers, { directory }: Package): number {
  return layers.findIndex((layer) => layer.includes(directory));
}

function within({ directory }: Package, path: string): boolean {
  return path.startsWith(`${directory}/`);
}

function inSource({ directory }: Package, file: string): boolean {
  return file.startsWith(`${directory}/src/`);
}
