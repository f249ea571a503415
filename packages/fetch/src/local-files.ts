import { type FileHandle, realpath, stat } from 'node:fs/promises';
import { openRegular, type RecordedFile, recordResolved } from './file-state.ts';

/**
 * The user's own files of one run, each of them opened once. Whoever reads one of them, programs included, reads the file that
 * was opened, whatever gets its name meanwhile: its `path` is that of the open descriptor.
 */
export interface LocalFiles extends AsyncDisposable {
  /**
   * To be called before the file is read, any number of times: the first call opens it.
   *
   * @throws what the filesystem throws; Error where it is not a regular file
   */
  record(path: string): Promise<RecordedFile & { readonly size: number }>;
  /** The text with the files' own names in place of their descriptors' paths, which say nothing to a user. */
  nameIn(text: string): string;
}

/** They stay open until they are disposed of. */
export function openLocalFiles(): LocalFiles {
  const files = new Map<string, Promise<OpenFile>>();
  const names = new Map<string, string>();
  return {
    async record(path) {
      const opened = files.get(path) ?? openFile(path);
      files.set(path, opened);
      try {
        const { name, file } = await opened;
        names.set(file.path, name);
        return file;
      } catch (error) {
        files.delete(path);
        throw error;
      }
    },
    nameIn: (text) => text.replace(/\/proc\/\d+\/fd\/\d+/g, (path) => names.get(path) ?? path),
    async [Symbol.asyncDispose]() {
      const opened = await Promise.allSettled(files.values());
      for (const end of opened) if (end.status === 'fulfilled') await end.value.handle.close();
    },
  };
}

interface OpenFile {
  readonly handle: FileHandle;
  /** Absolute, without symbolic links. */
  readonly name: string;
  readonly file: Awaited<ReturnType<LocalFiles['record']>>;
}

async function openFile(path: string): Promise<OpenFile> {
  const name = await realpath(path);
  const handle = await openRegular(name);
  try {
    return { handle, name, file: await recordResolved((await descriptorPath(handle)) ?? name) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * The path by which other processes of this user open the very file that is open here, which Linux has. Undefined where they may
 * not: /proc is not mounted, or is root's for a process that has more rights than its user.
 */
async function descriptorPath({ fd }: FileHandle): Promise<string | undefined> {
  const own = `/proc/${process.pid}`;
  const uid = await stat(own).then(
    (stats) => stats.uid,
    () => undefined,
  );
  return uid !== undefined && uid === process.geteuid?.() ? `${own}/fd/${fd}` : undefined;
}
