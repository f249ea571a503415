import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { corruptArchive, unsafeArchive } from './errors.ts';
import { type ArchiveEntry, requireSafeName } from './tar-entries.ts';

/** The file type in the mode that Unix programs keep in the upper half of an entry's attributes. */
const modeMask = 0o170000;
const regularFile = 0o100000;
const directory = 0o040000;
const unixSystems: ReadonlySet<number> = new Set([3, 19]);

/**
 * The regular files of a zip archive, ZIP64 included.
 *
 * @param path of the archive: its directory stands at its end
 * @throws ConvertError `CORRUPT_ARCHIVE`, and `UNSAFE_ARCHIVE` for a link, an encrypted file, or a name that leads elsewhere
 */
export async function* zipEntries(path: string): AsyncGenerator<ArchiveEntry> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: true }).catch(
    explain,
  );
  try {
    for await (const entry of entriesOf(zip)) {
      requireSafe(entry);
      if (!entry.fileName.endsWith('/'))
        yield { name: entry.fileName, size: entry.uncompressedSize, bytes: () => bytesOf(zip, entry) };
    }
  } finally {
    zip.close();
  }
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  try {
    yield* zip.eachEntry();
  } catch (error) {
    explain(error);
  }
}

async function* bytesOf(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  let checksum = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (error) {
    explain(error);
  }
  if (checksum !== entry.crc32) throw corruptArchive('zip', 'the checksum of a file is wrong');
}

function requireSafe(entry: Entry): void {
  const name = entry.fileName;
  requireSafeName('zip', name);
  if (entry.isEncrypted()) throw unsafeArchive('zip', name, 'an encrypted file');
  const type = unixSystems.has(entry.versionMadeBy >>> 8)
    ? (entry.externalFileAttributes >>> 16) & modeMask
    : 0;
  if (type !== 0 && type !== regularFile && type !== directory)
    throw unsafeArchive('zip', name, 'a link or a device');
}

/** What yauzl throws of a file that it cannot read; errors of the machine and of whoever reads pass. */
function explain(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || error.constructor !== Error || code !== undefined) throw error;
  if (/relative path|absolute path|characters in fileName/i.test(message)) {
    throw unsafeArchive('zip', message.replace(/^[^:]*: /, ''), 'a name that leads out of it');
  }
  throw corruptArchive('zip', message, error);
}
