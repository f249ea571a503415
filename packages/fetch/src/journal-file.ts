import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { Digest } from '@ec2-image/provenance';
import { clipExtents } from './extents.ts';
import { extentLine, firstLine, type Journal, originLine, parseJournal } from './journal.ts';

/** Lines of some 20 bytes: more than a million writes. */
const maxJournalBytes = 64 * 2 ** 20;

/** What it says, as far as it can be true of a file of that size. A symbolic link is not followed. */
export async function readJournal({
  path,
  digest,
  size,
}: {
  path: string;
  digest: Digest;
  size: number;
}): Promise<Journal | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    if ((await file.stat()).size > maxJournalBytes) return undefined;
    const journal = parseJournal(await readFile(file, 'utf8'), digest);
    return journal && { ...journal, extents: clipExtents(journal.extents, { start: 0, end: size }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function journalText(digest: Digest, { origin, extents }: Journal): string {
  return [firstLine(digest), ...(origin ? [originLine(origin)] : []), ...extents.map(extentLine)].join('');
}
