import { mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '../store/store.ts';
import { isRecycled } from './recycle-bin.ts';
import { isPresent } from './resources.ts';

/** The bytes of snapshots: one raw sparse file each, `snapshots/<id>.raw` in the store's directory. */
export interface SnapshotFiles {
  path(snapshotId: string): string;
  remove(snapshotId: string): Promise<void>;
  /** Every snapshot id that has a file. */
  ids(): Promise<string[]>;
}

const extension = '.raw';

/**
 * Removes files that no snapshot has: what a process left that was killed between deleting a snapshot and its file.
 * A snapshot is always there before its file is.
 */
export async function sweepSnapshotFiles(
  store: Store,
  { files, now }: { readonly files: SnapshotFiles; readonly now: () => number },
): Promise<void> {
  for (const id of await files.ids()) {
    if (!isPresent(store, id) && !isRecycled(store, id, now())) await files.remove(id);
  }
}

export function snapshotFiles(storeDirectory: string): SnapshotFiles {
  const directory = join(storeDirectory, 'snapshots');
  mkdirSync(directory, { recursive: true });
  const path = (id: string) => join(directory, `${id}${extension}`);
  return {
    path,
    remove: (id) => rm(path(id), { force: true }),
    async ids() {
      const names = await readdir(directory);
      return names.filter((name) => name.endsWith(extension)).map((name) => name.slice(0, -extension.length));
    },
  };
}
