import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLocked, tryLock } from '@ec2-image/file-lock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findWorkFiles, removeWorkFiles } from '../src/index.ts';

let root: string;
let directory: string;
const lockPath = (name: string) => join(root, 'locks', name);
/** A name and a content that the tests take for ec2-image's. */
const marks = {
  isOwnName: (name: string) => name.startsWith('sha256-'),
  whyNotOurs: async (path: string) =>
    (await readdir(path)).includes('disk.vhdx') ? undefined : 'it holds something else',
};
const locks = {
  ...marks,
  isLocked: (name: string) => isLocked({ path: lockPath(name) }),
  tryLock: (name: string) => tryLock({ path: lockPath(name) }),
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'work-files-'));
  directory = join(root, 'images');
  await mkdir(join(root, 'locks'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function addFiles(name: string, bytes: number) {
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, 'disk.vhdx'), Buffer.alloc(bytes, 1));
}

it('42: the work directory of a live run beside that of a dead one: removes the dead one’s files alone', async () => {
  await addFiles('sha256-dead', 100_000);
  await addFiles('sha256-live', 100_000);
  using _ = disposable(await tryLock({ path: lockPath('sha256-live') }));

  const files = await findWorkFiles({ directory, ...locks });
  expect(files.map(({ name, live }) => [name, live])).toEqual([
    ['sha256-dead', false],
    ['sha256-live', true],
  ]);
  expect(files[0]!.sizeBytes).toBeGreaterThanOrEqual(100_000);

  const removed = await removeWorkFiles({ files, ...locks });
  expect(removed.map(({ name }) => name)).toEqual(['sha256-dead']);
  expect(await readdir(directory)).toEqual(['sha256-live']);
});

it('leaves alone what a run took up since it was found', async () => {
  await addFiles('sha256-dead', 10);
  const files = await findWorkFiles({ directory, ...locks });
  using _ = disposable(await tryLock({ path: lockPath('sha256-dead') }));
  expect(await removeWorkFiles({ files, ...locks })).toEqual([]);
  expect(await readdir(directory)).toEqual(['sha256-dead']);
});

it('lets the next run at it afterwards', async () => {
  await addFiles('sha256-dead', 10);
  await removeWorkFiles({ files: await findWorkFiles({ directory, ...locks }), ...locks });
  expect(await locks.isLocked('sha256-dead')).toBe(false);
});

it('finds nothing where there is no work directory', async () => {
  expect(await findWorkFiles({ directory: join(root, 'none'), ...locks })).toEqual([]);
});

it('keeps what ec2-image did not create, and what has been replaced since it was found', async () => {
  await addFiles('sha256-dead', 10);
  await addFiles('mine', 10);
  await mkdir(join(directory, 'sha256-other'));
  const files = await findWorkFiles({ directory, ...locks });
  expect(files).toMatchObject([
    { name: 'sha256-dead' },
    { name: 'sha256-other', foreign: 'it holds something else' },
  ]);
  await rm(join(directory, 'sha256-dead', 'disk.vhdx'));
  expect(await removeWorkFiles({ files, ...locks })).toEqual([]);
  expect(await readdir(directory)).toEqual(['mine', 'sha256-dead', 'sha256-other']);
});

it('stops when it is told to', async () => {
  await addFiles('sha256-dead', 10);
  const files = await findWorkFiles({ directory, ...locks });
  await expect(removeWorkFiles({ files, ...locks, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
});

function disposable(lock: { release(): void } | undefined): Disposable {
  return { [Symbol.dispose]: () => lock?.release() };
}
