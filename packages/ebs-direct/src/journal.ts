import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { zeroDigest } from '@ec2-image/disk-blocks';

/** What tells one snapshot being written from another. */
export interface JournalHead {
  readonly clientToken: string;
  readonly snapshotId: string;
}

/** Which blocks of a pending snapshot EBS has acknowledged: the service has no call for it. */
export interface Journal {
  /** SHA-256 (base64) by block index. */
  readonly acknowledged: ReadonlyMap<number, string>;
  add(index: number, digest: string): void;
  /** LINEAR checksum of the blocks with which this tool completed the snapshot, once EBS has acknowledged that. */
  readonly completedWith: string | undefined;
  noteCompleted(checksum: string): Promise<void>;
  /** Waits until everything added is in the file, and leaves the file for a later run. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

const version = 1;
const zeroChecksum = zeroDigest.toString('base64');

/**
 * Opens the journal of this snapshot; one of another snapshot is overwritten. A line truncated by a kill does not count:
 * its block is sent again, which is harmless.
 */
export async function openJournal({
  path,
  head,
}: {
  readonly path: string;
  readonly head: JournalHead;
}): Promise<Journal> {
  const known = await readJournal({ path, head });
  const file = await open(path, known ? 'a' : 'w', 0o600);
  await file.appendFile(known ? '\n' : `${JSON.stringify({ version, ...head })}\n`);
  return journalOn({ file, path, ...(known ?? { acknowledged: new Map() }) });
}

/** The snapshot that a run with this token has begun, by its journal; undefined where there is none. */
export async function journalledSnapshot({
  path,
  clientToken,
}: {
  readonly path: string;
  readonly clientToken: string;
}): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    for await (const line of file.readLines({ autoClose: false })) {
      const head = JSON.parse(line) as Partial<JournalHead>;
      return head.clientToken === clientToken ? head.snapshotId : undefined;
    }
  } catch {
    // Absent, or torn.
  }
  return undefined;
}

function journalOn({
  file,
  path,
  acknowledged,
  completedWith,
}: {
  readonly file: FileHandle;
  readonly path: string;
} & Known): Journal {
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
    completedWith,
    async noteCompleted(checksum) {
      queued += `complete ${checksum}\n`;
      // Without the note the next run reads the snapshot back.
      await flush().catch(() => {});
    },
    add(index, digest) {
      acknowledged.set(index, digest);
      queued += `${index} ${digest}\n`;
      if (queued.length > flushAtCharacters) flush().catch(() => {});
    },
    async close() {
      // Blocks that cannot be noted are sent again; this must not hide why the snapshot is unfinished.
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

/** What an earlier run noted. */
interface Known {
  readonly acknowledged: Map<number, string>;
  readonly completedWith?: string;
}

async function readJournal({
  path,
  head,
}: {
  readonly path: string;
  readonly head: JournalHead;
}): Promise<Known | undefined> {
  const acknowledged = new Map<number, string>();
  let completedWith: string | undefined;
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
      if (!match) {
        completedWith = /^complete ([A-Za-z0-9+/]{43}=)$/.exec(line)?.[1] ?? completedWith;
        continue;
      }
      // Most of a disk is zeros, which need no text of their own each.
      acknowledged.set(Number(match[1]), match[2] === zeroChecksum ? zeroChecksum : match[2]!);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return first ? undefined : { acknowledged, completedWith };
}
