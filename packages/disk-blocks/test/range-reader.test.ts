import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { createRangeReader, createWorkerPool } from '@ec2-image/disk-blocks';
import { test as base, expect } from 'vitest';

const bytes = randomBytes(2 ** 20 + 1000);

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('directory', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'range-reader-'));
  onCleanup(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'file'), bytes);
  return directory;
});

async function openReader(path: string, pool?: ReturnType<typeof createWorkerPool>) {
  const file = await open(path);
  return { file, reader: createRangeReader({ file, path, pool }) };
}

test('a range is in the buffer that was given, and only there, with its CRC32', async ({ directory }) => {
  const { reader: opened } = await openReader(join(directory, 'file'));
  await using reader = opened;
  const ranges = [
    { offset: 0, length: 1 },
    { offset: 77, length: 2 ** 19 + 5 },
    { offset: 262_144, length: 786_432 },
  ];
  for (const range of ranges) {
    const buffer = new SharedArrayBuffer(range.length + 3);
    const wanted = bytes.subarray(range.offset, range.offset + range.length);
    const result = { bytesRead: range.length, crc32: crc32(wanted) };
    expect(await reader.read({ ...range, buffer })).toEqual(result);
    expect(Buffer.from(buffer, 0, range.length).equals(wanted)).toBe(true);
    expect(Buffer.from(buffer, range.length)).toEqual(Buffer.alloc(3));
    expect(await reader.read(range)).toEqual(result);
  }
});

test('one range continues the CRC32 of another, and what is beyond the end of the file is not read', async ({
  directory,
}) => {
  const { reader: opened } = await openReader(join(directory, 'file'));
  await using reader = opened;
  const first = await reader.read({ offset: 0, length: 600_000 });
  const rest = await reader.read({ offset: 600_000, length: 2 ** 20, crc32: first.crc32 });
  expect(rest).toEqual({ bytesRead: bytes.length - 600_000, crc32: crc32(bytes) });
  expect(await reader.read({ offset: 2 ** 21, length: 5 })).toEqual({ bytesRead: 0, crc32: 0 });
});

test('what cannot be read, and a buffer that is too short, are errors', async ({ directory }) => {
  const { reader: opened } = await openReader(directory);
  await using reader = opened;
  await expect(reader.read({ offset: 0, length: 5 })).rejects.toMatchObject({
    code: 'LOCAL_FAILURE',
    path: directory,
    message: expect.stringContaining('EISDIR'),
  });
  await expect(reader.read({ offset: 0, length: 5, buffer: new SharedArrayBuffer(4) })).rejects.toThrow(
    RangeError,
  );
});

test('an abort is answered at once; the file stays open until no thread reads it', async ({
  directory,
  onTestFinished,
}) => {
  const program = new URL('./workers/fixtures/hanging.ts', import.meta.url);
  const pool = createWorkerPool({ size: 1, program, jobTimeoutMs: 60_000 });
  onTestFinished(() => pool.close());
  const { file, reader } = await openReader(join(directory, 'file'), pool);
  const abort = new AbortController();
  const reading = reader.read({ offset: 0, length: 1024, signal: abort.signal });
  abort.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
  const closing = reader[Symbol.asyncDispose]();
  expect((await file.stat()).size).toBe(bytes.length);
  await pool.close();
  await closing;
  await expect(file.stat()).rejects.toMatchObject({ code: 'EBADF' });
});
