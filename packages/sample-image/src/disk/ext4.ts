import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SampleImageError } from '../errors.ts';
import { runTool } from '../run-tool.ts';
import type { Keystream } from './keystream.ts';
import type { SampleFile } from './sample-files.ts';

interface Ext4Options {
  /** The disk: a file that already has its full size. */
  readonly path: string;
  readonly startBytes: number;
  readonly sizeBytes: number;
  readonly label: string;
  readonly files: Iterable<SampleFile>;
  /** An empty directory, for the files on their way into the filesystem. */
  readonly treeDirectory: string;
  readonly random: Keystream;
  readonly signal?: AbortSignal;
}

/** The time of everything in the filesystem, so that a seed always gives the same bytes. */
const timeSeconds = Date.UTC(2026, 0, 1) / 1000;

/** Makes an ext4 filesystem with `files` in a part of a disk, without mounting anything. */
export async function writeExt4(options: Ext4Options): Promise<void> {
  const { path, startBytes, sizeBytes, label, files, treeDirectory, random, signal } = options;
  const paths = await writeTree({ files, directory: treeDirectory, signal });
  const uuid = random.uuid();
  const features = [
    `offset=${startBytes}`,
    `hash_seed=${random.uuid()}`,
    // What would be zeroed is a hole already.
    'lazy_itable_init=1,lazy_journal_init=1',
    'root_owner=0:0',
  ];
  // libext2fs takes it for the current time.
  const env = { E2FSPROGS_FAKE_TIME: String(timeSeconds) };
  await runTool('mke2fs', {
    args: [
      ...['-q', '-F', '-t', 'ext4', '-b', '4096', '-L', label, '-U', uuid, '-E', features.join(',')],
      ...['-d', treeDirectory, path, `${sizeBytes / 1024}k`],
    ],
    env,
    signal,
  });
  // mke2fs copies owner and times from the tree, and nothing can set a change time there.
  const attributes = {
    uid: '0',
    gid: '0',
    ctime: `@${timeSeconds}`,
    atime: `@${timeSeconds}`,
    mtime: `@${timeSeconds}`,
  };
  const commands = paths.flatMap((each) =>
    Object.entries(attributes).map(([field, value]) => `set_inode_field "/${each}" ${field} ${value}`),
  );
  await runTool('debugfs', {
    args: ['-w', '-f', '-', `${path}?offset=${startBytes}`],
    input: `${commands.join('\n')}\n`,
    env,
    signal,
  });
}

/** The paths of all that it wrote, directories included. */
async function writeTree({
  files,
  directory,
  signal,
}: {
  readonly files: Iterable<SampleFile>;
  readonly directory: string;
  readonly signal?: AbortSignal;
}): Promise<string[]> {
  const paths = new Set<string>();
  const addDirectory = async (path: string) => {
    if (path === '.' || paths.has(path)) return;
    await addDirectory(dirname(path));
    await mkdir(join(directory, path));
    await chmod(join(directory, path), 0o755);
    paths.add(path);
  };
  for (const { path, content } of files) {
    signal?.throwIfAborted();
    refuseUnsafePath(path);
    await addDirectory(dirname(path));
    await writeFile(join(directory, path), content);
    await chmod(join(directory, path), 0o644);
    paths.add(path);
  }
  const link = 'etc/os-release';
  if (!paths.has(link)) {
    await symlink('../usr/lib/os-release', join(directory, link));
    paths.add(link);
  }
  return [...paths];
}

/** What debugfs would not read as one word, and what would leave the tree. */
function refuseUnsafePath(path: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/^\/|["\\\u0000-\u001f]/.test(path) || path.split('/').some((part) => ['', '.', '..'].includes(part))) {
    throw new SampleImageError(
      'INVALID_FILE_NAME',
      `${JSON.stringify(path)} cannot be a file of the sample disk`,
      {
        hint: 'Use a relative path without "..", quotes, backslashes or control characters.',
        facts: { path },
      },
    );
  }
}
