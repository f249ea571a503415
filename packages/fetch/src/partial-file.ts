import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Digest, digestAlgorithm } from '@ec2-image/provenance';
import { Arrivals, type ArrivingImage } from './arriving-image.ts';
import {
  addExtent,
  clipExtents,
  type Extent,
  extentBytes,
  missingExtents,
  overlaps,
  wholeUntil,
} from './extents.ts';
import { InOrderHash } from './in-order-hash.ts';
import { extentLine, firstLine, type Journal, type Origin, originLine } from './journal.ts';
import { journalText, readJournal } from './journal-file.ts';
import { workDirectoryError } from './work-directory.ts';

/**
 * A file on its way to its final name: `<path>.partial`, with a journal beside it that says which of its bytes are there and where
 * they come from. Both survive a kill. Its opener holds the lock on the path.
 */
export class PartialFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #journal: FileHandle;
  readonly #digest: Digest;
  readonly #hash: InOrderHash;
  #origin: Origin | undefined;
  #extents: readonly Extent[];
  #keptBytes: number;
  #unflushedBytes = 0;
  #flushing: Promise<void> | undefined;
  #arrivals: Arrivals | undefined;
  readonly #onArriving: ((image: ArrivingImage) => void) | undefined;
  readonly #onWritten: (() => void) | undefined;
  readonly #writing = new Map<Extent, Promise<void>>();

  private constructor(parts: {
    path: string;
    digest: Digest;
    file: FileHandle;
    journal: FileHandle;
    found: Journal;
    onWritten: (() => void) | undefined;
    onArriving: ((image: ArrivingImage) => void) | undefined;
  }) {
    this.#path = parts.path;
    this.#onArriving = parts.onArriving;
    this.#onWritten = parts.onWritten;
    this.#digest = parts.digest;
    this.#file = parts.file;
    this.#journal = parts.journal;
    this.#hash = new InOrderHash({ algorithm: digestAlgorithm(parts.digest), file: parts.file });
    this.#origin = parts.found.origin;
    this.#extents = parts.found.extents;
    this.#keptBytes = extentBytes(this.#extents);
    this.#hash.advance({ end: wholeUntil(this.#extents) });
  }

  /**
   * Opens what an earlier run left for this digest, or begins.
   *
   * @param options.onWritten called whenever more of it is there
   * @param options.onArriving called when the size of what arrives is known, and again after a reset
   * @throws FetchError `WORK_DIRECTORY_…`
   */
  static async open({
    path,
    digest,
    onWritten,
    onArriving,
  }: {
    path: string;
    digest: Digest;
    onWritten?: () => void;
    onArriving?: (image: ArrivingImage) => void;
  }): Promise<PartialFile> {
    const names = fileNames(path);
    let file: FileHandle | undefined;
    try {
      file = await open(names.data, readWrite, 0o644);
      const { size } = await file.stat();
      const found = (await readJournal({ path: names.journal, digest, size })) ?? { extents: [] };
      // Rewritten: compact again after however many lines, and without one that was cut off.
      await writeFile(names.nextJournal, journalText(digest, found), { flag: truncate });
      await rename(names.nextJournal, names.journal);
      if (found.extents.length === 0) await file.truncate(0);
      const journal = await open(names.journal, appendOnly);
      return new PartialFile({ path, digest, file, journal, found, onWritten, onArriving });
    } catch (cause) {
      await file?.close();
      throw await workDirectoryError({ cause, directory: dirname(path) });
    }
  }

  get path(): string {
    return this.#path;
  }

  get origin(): Origin | undefined {
    return this.#origin;
  }

  /** How many are here. */
  get bytes(): number {
    return extentBytes(this.#extents);
  }

  /** How many of them an earlier run downloaded. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** The gaps within; the last is open where the size is not known. */
  missing(within: Extent = { start: 0, end: Number.POSITIVE_INFINITY }): readonly Extent[] {
    return clipExtents(missingExtents(this.#extents, this.#origin?.total), within);
  }

  /** What follows comes from there, and fits what is here. */
  async setOrigin(origin: Origin): Promise<void> {
    this.#origin = { ...origin, total: origin.total ?? this.#origin?.total };
    await this.#guarded(() => this.#journal.write(originLine(this.#origin!)));
    const { total: size } = this.#origin;
    if (this.#arrivals || !this.#onArriving || size === undefined) return;
    this.#arrivals = new Arrivals({ path: fileNames(this.#path).data, size });
    this.#arrivals.advance(this.#extents);
    this.#onArriving(this.#arrivals.image);
  }

  /** Who is told of each range that a reader wants out of turn. */
  onHurry(fetch: ((extent: Extent) => void) | undefined): void {
    this.#arrivals?.onHurry(fetch);
  }

  /** Forgets every byte. No writer may be at work. */
  async reset(): Promise<void> {
    this.#discardArrivals('what had arrived was discarded');
    this.#origin = undefined;
    this.#extents = [];
    this.#keptBytes = 0;
    await this.#hash.restart();
    await this.#guarded(async () => {
      await this.#journal.truncate(0);
      await this.#file.truncate(0);
      await this.#journal.write(firstLine(this.#digest));
    });
  }

  /** What is there already stays: readers, and the hash, may have read it. */
  async write(data: Buffer, offset: number): Promise<void> {
    const extent = { start: offset, end: offset + data.length };
    const overlapping = () => [...this.#writing].filter(([other]) => overlaps(other, extent));
    for (let others = overlapping(); others.length > 0; others = overlapping())
      await Promise.allSettled(others.map(([, writing]) => writing));
    const writing = this.#writeMissing(data, extent);
    this.#writing.set(extent, writing);
    try {
      await writing;
    } finally {
      this.#writing.delete(extent);
    }
  }

  async #writeMissing(data: Buffer, { start, end }: Extent): Promise<void> {
    for (const gap of clipExtents(missingExtents(this.#extents, end), { start, end }))
      await this.#writeNew(data.subarray(gap.start - start, gap.end - start), gap.start);
  }

  /** Bytes count from the moment their line is in the journal. */
  async #writeNew(data: Buffer, offset: number): Promise<void> {
    const extent = { start: offset, end: offset + data.length };
    await this.#guarded(async () => {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await this.#file.write(data, done, data.length - done, offset + done);
        done += bytesWritten;
      }
      await this.#journal.write(extentLine(extent));
    });
    this.#extents = addExtent(this.#extents, extent);
    this.#hash.advance({ end: wholeUntil(this.#extents), offset, written: data });
    this.#arrivals?.advance(this.#extents);
    this.#onWritten?.();
    this.#flush(data.length);
  }

  /** The digest of the complete file. Nothing can be written afterwards but after a reset. */
  async digest({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Digest> {
    return this.#guarded(() => this.#hash.digest({ signal }));
  }

  /** The first bytes of the file. */
  async head(length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await this.#guarded(() => this.#file.read(buffer, 0, length, 0));
    return buffer.subarray(0, bytesRead);
  }

  /** Gives the file its final name, once its bytes are safe. */
  async finish(): Promise<void> {
    await this.#guarded(async () => {
      await this.#flushing;
      await this.#file.sync();
      await rename(fileNames(this.#path).data, this.#path);
      this.#arrivals?.rename(this.#path);
      await rm(fileNames(this.#path).journal, { force: true });
      await syncDirectory(dirname(this.#path));
    });
  }

  /** Deletes both files. */
  async remove(): Promise<void> {
    this.#discardArrivals('what had arrived was deleted');
    await this.#guarded(() => removePartial(this.#path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Of a file that is complete there is nothing to wait for any more, and it stays.
    if (this.missing().length > 0) this.#discardArrivals('the download has ended');
    await Promise.allSettled([this.#hash.stop(), this.#flushing]);
    await Promise.all([this.#file.close(), this.#journal.close()]);
  }

  #discardArrivals(why: string): void {
    this.#arrivals?.discard(new DOMException(why, 'AbortError'));
    this.#arrivals = undefined;
  }

  /** Flushes in the background while more arrives, so that the end need not wait for all of it. */
  #flush(bytes: number): void {
    this.#unflushedBytes += bytes;
    if (this.#flushing || this.#unflushedBytes < flushBytes) return;
    this.#unflushedBytes = 0;
    const flushing = this.#file.datasync().then(() => {
      this.#flushing = undefined;
    });
    // A failure stays for `finish`: the system tells of each only once.
    flushing.catch(() => {});
    this.#flushing = flushing;
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const { total } = this.#origin ?? {};
      const neededBytes = total === undefined ? undefined : total - this.bytes;
      throw await workDirectoryError({ cause, directory: dirname(this.#path), neededBytes });
    }
  }
}

/** A symbolic link that somebody left under our name is not followed. */
const readWrite = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const truncate = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
const appendOnly = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;

const flushBytes = 32 * 2 ** 20;

function fileNames(path: string) {
  return {
    data: `${path}.partial`,
    journal: `${path}.partial.journal`,
    nextJournal: `${path}.partial.journal.next`,
  };
}

/** What of `path` an earlier download left for this digest. Changes nothing, and needs no lock. */
export async function keptOfPartial({
  path,
  digest,
}: {
  readonly path: string;
  readonly digest: Digest;
}): Promise<readonly Extent[]> {
  const names = fileNames(path);
  const file = await stat(names.data).catch(() => undefined);
  const journal = file && (await readJournal({ path: names.journal, digest, size: file.size }));
  return journal?.extents ?? [];
}

/** What an unfinished download of `path` left, if anything. */
export async function removePartial(path: string): Promise<void> {
  await Promise.all(Object.values(fileNames(path)).map((name) => rm(name, { force: true })));
}

/** So that the new name survives a power cut. Not every filesystem lets a directory be synced; then it is as safe as it can be. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    await using handle = await open(directory);
    await handle.sync();
  } catch {}
}
