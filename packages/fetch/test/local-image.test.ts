import { execFile } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { openLocalFiles, openLocalImage, recordFile, requireUnchanged } from '@ec2-image/fetch';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { sampleBytes } from './support/file-handler.ts';
import { catchFailure, digestOfBytes, temporaryDirectory } from './support/work.ts';

const content = sampleBytes(5_000_000);
const digest = digestOfBytes(content);
let path: string;

beforeEach(async () => {
  path = join(await temporaryDirectory(), 'disk.raw');
  await writeFile(path, content);
});

/** Changes one byte in place; size and times stay. */
async function alter(file = path, offset = 4_900_000): Promise<void> {
  const { atime, mtime } = await stat(file);
  const handle = await open(file, 'r+');
  await handle.write(Buffer.of(content[offset]! ^ 1), 0, 1, offset);
  await handle.close();
  await utimes(file, atime, mtime);
}

describe('a local image that is read once', () => {
  test('comes whole and in order, each time, and nothing is said against it', async () => {
    const image = (await openLocalImage({ url: path, digest }))!;
    expect(image).toMatchObject({ path, size: content.length });
    for (let reading = 0; reading < 2; reading++) {
      const chunks: Buffer[] = [];
      for await (const chunk of image.chunks()) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(content)).toBe(true);
    }
  });

  test('has no end without its digest', async () => {
    const image = (await openLocalImage({ url: path, digest: digestOfBytes('other') }))!;
    let bytes = 0;
    const reading = async () => {
      for await (const chunk of image.chunks()) bytes += chunk.length;
    };
    expect(await catchFailure(reading())).toMatchObject({
      code: 'DIGEST_MISMATCH',
      actual: digest,
      urls: [path],
    });
    expect(bytes).toBe(content.length);
  });

  test('nor where it was written to meanwhile', async () => {
    const image = (await openLocalImage({ url: path, digest }))!;
    const reading = async () => {
      let isFirst = true;
      for await (const _ of image.chunks()) {
        if (isFirst) await alter();
        isFirst = false;
      }
    };
    expect(await catchFailure(reading())).toMatchObject({ code: 'IMAGE_CHANGED', path });
  });

  test('is one local file', async () => {
    expect(await openLocalImage({ url: 'http://localhost/disk', digest })).toBeUndefined();
    expect(await openLocalImage({ url: [path, 'http://localhost/disk'], digest })).toBeUndefined();
    expect(await catchFailure(openLocalImage({ url: `${path}.missing`, digest }))).toMatchObject({
      code: 'LOCAL_FILE_UNREADABLE',
    });
  });
});

describe('a file that stays open', () => {
  const other = Buffer.from('another image');

  /** Another file has the name, by a directory of that name, until the function that comes back is called. */
  async function swapDirectory(): Promise<() => Promise<void>> {
    const directory = dirname(path);
    await rename(directory, `${directory}.away`);
    await mkdir(directory);
    await writeFile(path, other);
    return async () => {
      await rm(directory, { recursive: true });
      await rename(`${directory}.away`, directory);
    };
  }

  test('is read by all who are given it, whatever has its name', async () => {
    await using files = openLocalFiles();
    const image = await openLocalImage({ url: path, digest, localFiles: files });
    const restore = await swapDirectory();
    const again = await files.record(path);
    expect(again).toEqual({ path: image!.path, state: image!.state, size: image!.size });
    expect((await readFile(image!.path)).equals(content)).toBe(true);
    const { stdout } = await promisify(execFile)('sha256sum', [image!.path]);
    expect(`sha256:${stdout.slice(0, 64)}`).toBe(digest);
    const chunks: Buffer[] = [];
    for await (const chunk of image!.chunks()) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    await restore();
    await requireUnchanged({ file: image! });
  });

  test('that is written to meanwhile is not what was recorded', async () => {
    await using files = openLocalFiles();
    const file = await files.record(path);
    await alter();
    const failure = await catchFailure(requireUnchanged({ file }));
    expect(files.nameIn(failure.message)).toContain(`${path} changed while ec2-image read it`);
  });

  test('is closed in the end; one that cannot be opened is tried again', async () => {
    const files = openLocalFiles();
    const missing = `${path}.later`;
    await expect(files.record(missing)).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(missing, content);
    await expect(files.record(missing)).resolves.toMatchObject({ size: content.length });
    const open = async () =>
      (
        await Promise.allSettled(
          (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`)),
        )
      )
        .flatMap((end) => (end.status === 'fulfilled' ? end.value : []))
        .filter((name) => name === missing);
    expect(await open()).toHaveLength(1);
    await files[Symbol.asyncDispose]();
    expect(await open()).toEqual([]);
  });
});

describe('a file that was recorded', () => {
  test('passes as long as nobody touches it', async () => {
    const file = await recordFile(path);
    await requireUnchanged({ file });
    await requireUnchanged({ file });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['written to in place, its times put back', () => alter()],
    ['written to and put back', () => alter().then(() => writeFile(path, content))],
    ['shorter', () => truncate(path, 10)],
    [
      'replaced',
      async () => {
        await writeFile(`${path}.new`, content);
        await rename(`${path}.new`, path);
      },
    ],
    ['gone', () => rm(path)],
  ])('%s, even at once, does not', async (_, change) => {
    await writeFile(path, content);
    const file = await recordFile(path);
    await change();
    expect(await catchFailure(requireUnchanged({ file }))).toMatchObject({ code: 'IMAGE_CHANGED', path });
  });

  test('is the file that a symbolic link led to', async () => {
    const link = `${path}.link`;
    await symlink(path, link);
    const file = await recordFile(link);
    await rm(link);
    await requireUnchanged({ file });
    expect(file.path).toBe(path);
  });

  const isTmpfs = existsSync('/dev/shm') && statfsSync('/dev/shm').type === 0x01021994;
  test.skipIf(!isTmpfs)('is hashed again where times do not tell of every write', async () => {
    const directory = await mkdtemp('/dev/shm/fetch-test-');
    onTestFinished(() => rm(directory, { recursive: true }));
    const shared = join(directory, 'disk.raw');
    await writeFile(shared, content);
    await requireUnchanged({ file: { ...(await recordFile(shared)), digest, outcome: 'local' } });
    await alter(shared);
    // As after a write through a mapping: the state says nothing.
    const file = { ...(await recordFile(shared)), digest, outcome: 'local' };
    expect(await catchFailure(requireUnchanged({ file }))).toMatchObject({ code: 'IMAGE_CHANGED' });
  });
});
