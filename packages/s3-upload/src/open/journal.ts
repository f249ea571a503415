import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { ObjectPlace } from '../call/s3.ts';

/** What this machine remembers of an upload: that it began one, and its id once S3 has named it. */
export interface JournalEntry {
  readonly uploadId?: string;
  /** When it was asked for, by the service's clock, in milliseconds since 1970. */
  readonly beganAt?: number;
  /** What made the parts. */
  readonly converter?: string;
}

/**
 * A note beside the disk that an open upload is this machine's own, so that it is resumed at once and not taken for
 * another machine's that may still be running. Losing it costs nothing else: S3 alone knows what has arrived.
 */
export interface UploadJournal {
  read(): Promise<JournalEntry | undefined>;
  /** Before the upload is created, and after, with its id: a crash between the two is told from no upload at all. */
  write(entry: Pick<JournalEntry, 'uploadId' | 'beganAt'>): Promise<void>;
  clear(): Promise<void>;
}

export function openJournal({
  path,
  place: { bucket, key },
  converter,
  onNotice,
}: {
  readonly path: string;
  readonly place: ObjectPlace;
  /** What makes the parts of this run, with its version. */
  readonly converter?: string;
  readonly onNotice: (message: string) => void;
}): UploadJournal {
  return {
    async read() {
      const note = parse(await readFile(path, 'utf8').catch(() => ''));
      return note?.bucket === bucket && note.key === key
        ? { uploadId: note.uploadId, beganAt: note.beganAt, converter: note.converter }
        : undefined;
    },
    async write(entry) {
      try {
        const partial = `${path}.partial`;
        await writeFile(partial, `${JSON.stringify({ version: 1, bucket, key, converter, ...entry })}\n`);
        await rename(partial, path);
      } catch (error) {
        onNotice(
          `cannot save upload progress (${(error as Error).message}); after an interruption, resuming will take longer`,
        );
      }
    },
    async clear() {
      await rm(path, { force: true }).catch(() => {});
    },
  };
}

function parse(text: string): (JournalEntry & { bucket?: unknown; key?: unknown }) | undefined {
  try {
    const note: unknown = JSON.parse(text);
    if (typeof note !== 'object' || note === null || !('version' in note) || note.version !== 1)
      return undefined;
    const { bucket, key, uploadId, beganAt, converter } = note as Record<string, unknown>;
    return {
      ...{ bucket, key, uploadId: stringOr(uploadId), converter: stringOr(converter) },
      beganAt: typeof beganAt === 'number' ? beganAt : undefined,
    };
  } catch {
    return undefined;
  }
}

function stringOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
