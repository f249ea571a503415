import { appendFile, copyFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type Block,
  blockDigest,
  blockSizeBytes,
  diskBlocks,
  imageBlocks,
  openDisk,
  streamBlocks,
} from '@ec2-image/disk-blocks';
import { test as base, expect } from 'vitest';
import { convert, makeDisk, openReader } from './support/images.ts';

/** More blocks than are read ahead, and a last one that is not whole. */
const sizeBytes = 24 * blockSizeBytes + 512;

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('images', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'image-blocks-'));
  onCleanup(() => rm(directory, { recursive: true }));
  const raw = join(directory, 'disk.raw');
  await makeDisk(raw, sizeBytes);
  const images = { raw, odd: join(directory, 'odd.raw'), plain: join(directory, 'plain.qcow2') };
  const deflated = join(directory, 'deflated.qcow2');
  await copyFile(raw, images.odd);
  await appendFile(images.odd, 'tail');
  await convert(raw, images.plain, []);
  await convert(raw, deflated, ['-c']);
  return { ...images, deflated };
});

/** Each block is used up before the next: what is released is filled again. */
async function listed(blocks: AsyncIterable<Block>): Promise<[number, string][]> {
  const list: [number, string][] = [];
  for await (const { index, data, digest, release } of blocks) {
    const found = blockDigest(data);
    expect([data.length, digest]).toEqual([blockSizeBytes, found]);
    list.push([index, found.toString('hex')]);
    release();
  }
  return list;
}

test.for([
  ['raw', 'raw'],
  ['odd', 'raw'],
  ['plain', 'qcow2'],
  ['deflated', 'qcow2'],
] as const)('%s: the same blocks and digests as QEMU gives', async ([name, format], { images }) => {
  await using reader = await openReader(images[name], format);
  await using disk = await openDisk({ path: images[name], format });
  const wanted = await listed(diskBlocks({ disk, digests: true }));
  expect(wanted.length).toBeGreaterThan(3);
  expect(wanted.at(-1)![0]).toBe(24);
  expect(await listed(imageBlocks({ reader }))).toEqual(wanted);
});

test('a block stays as it is until it is released, whatever becomes of those beside it', async ({
  images,
}) => {
  const path = join(dirname(images.raw), 'full.raw');
  // More blocks than all buffers that are filled ahead.
  const count = 40;
  const bytes = Buffer.alloc(count * blockSizeBytes);
  for (let index = 0; index < count; index++) bytes.fill(index + 1, index * blockSizeBytes);
  await writeFile(path, bytes);
  await using reader = await openReader(path, 'raw');
  const kept: Block[] = [];
  for await (const block of imageBlocks({ reader })) {
    if (block.index % 2 === 0) kept.push(block);
    else block.release();
  }
  expect(kept.map(({ data }) => data[0]! - 1)).toEqual(kept.map(({ index }) => index));
  for (const { data, digest } of kept) expect(blockDigest(data)).toEqual(digest);
  expect(kept.length).toBe(count / 2);
});

test('a stream gives them too', async ({ images }) => {
  await using reader = await openReader(images.raw, 'raw');
  const { data } = await reader.fill({
    length: sizeBytes,
    stretches: [{ at: 0, offset: 0, length: sizeBytes }],
  });
  const source = (async function* () {
    for (let at = 0; at < data.length; at += 70_000) yield data.subarray(at, at + 70_000);
  })();
  expect(await listed(streamBlocks(source, { digests: true }))).toEqual(
    await listed(imageBlocks({ reader })),
  );
});

test('an abort ends it with its reason, and a file that has become shorter with what happened', async ({
  images,
}) => {
  const stop = new AbortController();
  await using reader = await openReader(images.deflated);
  const blocks = imageBlocks({ reader, signal: stop.signal });
  await blocks.next();
  stop.abort(new Error('no longer wanted'));
  await expect(listed(blocks)).rejects.toThrow('no longer wanted');
  await using short = await openReader(images.odd, 'raw');
  await truncate(images.odd, 1000);
  await expect(listed(imageBlocks({ reader: short }))).rejects.toMatchObject({ code: 'DISK_CHANGED' });
});

test('blocks come while their stream pauses, and all of them before it fails', async () => {
  const { promise: resumed, resolve: resume } = Promise.withResolvers<void>();
  const block = Buffer.alloc(blockSizeBytes, 'data');
  const source = (async function* () {
    yield block;
    await resumed;
    yield block;
    throw new Error('broke off');
  })();
  const blocks = streamBlocks(source, { digests: true });
  expect((await blocks.next()).value).toMatchObject({ index: 0, digest: blockDigest(block) });
  resume();
  expect((await blocks.next()).value).toMatchObject({ index: 1 });
  await expect(blocks.next()).rejects.toThrow('broke off');
});
