import { findUpward } from './find-upward.ts';
import type { Import } from './read-imports.ts';

/** An import that closes a circle of files or folders. */
export interface UpwardImport {
  readonly import: Import;
  /** The folder among whose files and folders the circle is. */
  readonly folder: string;
  /** From what imports to what is imported, and back. */
  readonly circle: readonly string[];
}

/**
 * In every folder below `directory`, its files and its folders (each as one node, with all that is in it) import one
 * another without a circle. That holds for files too: a circle of files is one among the parts of the folder they share.
 */
export function findUpwardImports(directory: string, imports: readonly Import[]): UpwardImport[] {
  return foldersOf(directory, imports).flatMap((folder) => {
    const crossings = imports.flatMap((each) => {
      const [from, to] = [partOf(folder, each.from), partOf(folder, each.to)];
      // A file that imports itself is a circle of one.
      const crosses = from !== to || each.from === each.to;
      return from !== undefined && to !== undefined && crosses ? [{ import: each, from, to }] : [];
    });
    const edges = Map.groupBy(crossings, ({ from, to }) => JSON.stringify([from, to]));
    const upward = findUpward(
      [...edges.values()].map((alike) => ({ from: alike[0]!.from, to: alike[0]!.to, weight: alike.length })),
    );
    return upward.flatMap(({ from, to, wayBack }) =>
      edges
        .get(JSON.stringify([from, to]))!
        .map((each) => ({ import: each.import, folder, circle: [from, ...wayBack] })),
    );
  });
}

/** `directory` and every folder below it that holds an importing file, however deep. */
function foldersOf(directory: string, imports: readonly Import[]): string[] {
  const folders = new Set<string>();
  for (const { from } of imports) {
    if (!from.startsWith(`${directory}/`)) continue;
    const parts = from.slice(directory.length + 1).split('/');
    for (let depth = 0; depth < parts.length; depth++)
      folders.add([directory, ...parts.slice(0, depth)].join('/'));
  }
  return [...folders].toSorted();
}

/** `errors.ts` or `render/`: what of the folder the file is, or is in. */
function partOf(folder: string, file: string | undefined): string | undefined {
  if (!file?.startsWith(`${folder}/`)) return undefined;
  const rest = file.slice(folder.length + 1);
  const end = rest.indexOf('/');
  return end < 0 ? rest : rest.slice(0, end + 1);
}
