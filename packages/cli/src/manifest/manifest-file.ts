import { randomUUID } from 'node:crypto';
import {
  type ManifestEntry,
  type ManifestFormat,
  type ManifestResult,
  manifestDocument,
} from './manifest.ts';

/** The file of `--manifest`, which is whole at any time. */
export interface ManifestFile {
  /** Adds an image that has ended, and writes the file in the background. */
  add(result: ManifestResult): void;
  /** Writes what the file is to be at the end. @returns whether it could be written, each time */
  finish(): Promise<boolean>;
}

/** @param options.write replaces the file with this text, and says whether it could */
export function createManifestFile({
  format,
  write,
}: {
  readonly format: ManifestFormat;
  readonly write: (text: string) => Promise<boolean>;
}): ManifestFile {
  const runId = randomUUID();
  const entries: ManifestEntry[] = [];
  let isWritten = true;
  // One at a time: the last one written is the last one made.
  let writing = Promise.resolve();
  const save = (complete: boolean) => {
    const text = `${JSON.stringify(manifestDocument({ runId, entries, complete }, format), null, 2)}\n`;
    writing = writing.then(async () => {
      // What fails once is told once: a full disk stays full.
      if (isWritten) isWritten = await write(text);
    });
    return writing;
  };
  return {
    add(result) {
      entries.push({ result, endedAt: new Date() });
      void save(false);
    },
    async finish() {
      await save(true);
      return isWritten;
    },
  };
}
