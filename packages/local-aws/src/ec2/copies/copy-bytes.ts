import { open } from 'node:fs/promises';
import { fileSource } from '@ec2-image/image-headers';
import type { Store } from '../../store/store.ts';
import { sparseCopy } from '../import/sparse-copy.ts';
import type { SnapshotFiles } from '../snapshot-files.ts';
import { copyBlocks } from '../snapshots/block-table.ts';

/** The copy has the bytes and the blocks of its source. A seeded snapshot has none. */
export async function copySnapshotBytes(
  { store, snapshotFiles }: { readonly store: Store; readonly snapshotFiles: SnapshotFiles },
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const source = await open(snapshotFiles.path(from)).catch(ignoreMissing);
  if (source) {
    try {
      const { size } = await source.stat();
      const { signal } = new AbortController();
      await sparseCopy(fileSource(source, size), snapshotFiles.path(to), { signal, onProgress: () => {} });
    } finally {
      await source.close();
    }
  }
  copyBlocks(store, to, from);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
