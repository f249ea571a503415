import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { zeroDigest } from './block.ts';

/** What tells one snapshot being written from another. */
export interface JournalHead {
  readonly clientToken: string;
  readonly snapshotId: string;
}

/** Which blocks of a pending snapshot EBS has acknowledged. The service does not tell. */
export interface Journal {
  /** SHA-256 (base64) by block index. */
  readonly acknowledged: ReadonlyMap<number, string>;
  add(index: number, digest: string): void;
  /** Waits until everything added is in the file, and leaves the file for a later run. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

const version = 1;
const zeroChecksum = zeroDigest.toString('base64');

/**
 * Opens the journal of this snapshot; one of another snapshot is written over. A line that a kill cut short is no
 * line: its block is sent again, which is harmless.
 */
export async function openJournal({
  path,
  head,
}: {
  readonly path: string;
  readonly head: JournalHead;
}): Promise<Journal> {
  const acknowledged = await readJournal({ path, head });
  const file = await open(path, acknowledged ? 'a' : 'w', 0o600);
  await file.appendFile(acknowledged ? '\n' : `${JSON.stringify({ version, ...head })}\n`);
  return journalOn({ file, path, acknowledged: acknowledged ?? new Map() });
}

function journalOn({
  file,
  path,
  acknowledged,
}: {
  readonly file: FileHandle;
  readonly path: string;
  readonly acknowledged: Map<number, string>;
}): Journal {
  let queued = '';
  let writing = Promise.resolve();
  const flush = () => {
    writing = writing.then(async () => {
      if (!queued) return;
      const lines = queued;
      queued = '';
      await file.appendFile(lines);
    });
    return writing;
  };
  return {
    acknowledged,
    add(index, digest) {
      acknowledged.set(index, digest);
      queued += `${index} ${digest}\n`;
      if (queued.length > flushAtCharacters) flush().catch(() => {});
    },
    async close() {
      // What could not be noted is sent again: that must not hide why the snapshot was not finished.
      await flush().catch(() => {});
      await file.close();
    },
    async remove() {
      await flush().catch(() => {});
      await file.close();
      await rm(path, { force: true });
    },
  };
}

/** About thirty blocks: what a kill can lose is sent again in a moment. */
const flushAtCharacters = 1500;

async function readJournal({
  path,
  head,
}: {
  readonly path: string;
  readonly head: JournalHead;
}): Promise<Map<number, string> | undefined> {
  const acknowledged = new Map<number, string>();
  let first = true;
  try {
    for await (const line of createInterface({
      input: createReadStream(path),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      if (first) {
        first = false;
        if (line !== JSON.stringify({ version, ...head })) return undefined;
        continue;
      }
      const match = /^(\d+) ([A-Za-z0-9+/]{43}=)$/.exec(line);
      if (!match) continue;
      // Most of a disk is zeros, which need no text of their own each.
      acknowledged.set(Number(match[1]), match[2] === zeroChecksum ? zeroChecksum : match[2]!);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return first ? undefined : acknowledged;
}
