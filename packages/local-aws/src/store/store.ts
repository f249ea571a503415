import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Blobs, openBlobs } from './blobs.ts';
import { type Database, openDatabase } from './database.ts';

/** Everything that survives a restart, in one directory that several processes may serve at once. */
export interface Store extends Database {
  /** Absolute: QEMU, which gets paths below it, works elsewhere. */
  readonly directory: string;
  readonly blobs: Blobs;
}

/**
 * What was answered survives `kill -9` of the server. It survives a power cut only with `fsync`, which makes every
 * write wait for the disk: five times the time for a part, and nothing that an emulator's users would miss.
 */
export function openStore({
  directory: given,
  fsync = false,
}: {
  directory: string;
  fsync?: boolean;
}): Store {
  const directory = resolve(given);
  mkdirSync(directory, { recursive: true });
  const database = openDatabase({ path: join(directory, 'state.sqlite'), fsync });
  const blobs = openBlobs({ database, directory: join(directory, 'blobs'), fsync });
  return { ...database, directory, blobs };
}
