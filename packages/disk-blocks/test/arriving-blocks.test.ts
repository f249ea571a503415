import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  arrivingBlocks,
  type Block,
  blockSizeBytes,
  imageBlocks,
  openImageReader,
  zeroBlock,
  zeroBlocks,
} from '@ec2-image/disk-blocks';
import { execa } from 'execa';
import { test as base, expect } from 'vitest';
import { convert, makeDisk, openReader } from './support/images.ts';

const sizeBytes = 24 * blockSizeBytes + 512;

/** Blocks with data of the backwards image, in the order in which they were written into the file. */
const backwards = [20, 17, 13, 9, 8, 4, 2, 1, 0];

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('images', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'arriving-blocks-'));
  onCleanup(() => rm(directory, { recursive: true }));
  const pathOf = (name: string) => join(directory, name);
  const images = {
    raw: pathOf('disk.raw'),
    plain: pathOf('plain.qcow2'),
    deflated: pathOf('deflated.qcow2'),
    backwards: pathOf('backwards.qcow2'),
  };
  await makeDisk(images.raw, sizeBytes);
  await convert(images.raw, images.plain, []);
  await convert(images.raw, images.deflated, ['-c']);
  await execa('qemu-img', ['create', '-f', 'qcow2', images.backwards, `${32 * blockSizeBytes}`]);
  const writes = backwards.map(
    (index) => `write -P ${index + 1} ${index * blockSizeBytes} ${blockSizeBytes}`,
  );
  await execa('qemu-io', ['-f', 'qcow2', ...writes.flatMap((write) => ['-c', write]), images.backwards]);
  return images;
});

async function listed(blocks: AsyncIterable<Block>): Promise<Map<number, string>> {
  const list = new Map<number, string>();
  for await (const { index, data, digest, release } of blocks) {
    expect(list.has(index)).toBe(false);
    list.set(index, data === zeroBlock ? 'zeros' : digest!.toString('hex'));
    release();
  }
  return list;
}

test.for([
  ['raw', 'raw'],
  ['plain', 'qcow2'],
  ['deflated', 'qcow2'],
  ['backwards', 'qcow2'],
] as const)(
  '%s: every block once, with data or as zeros, whatever the order',
  async ([name, format], { images }) => {
    await using reader = await openReader(images[name], format);
    const found = await listed(arrivingBlocks({ reader }));
    const zeros: number[] = [];
    for await (const { first, end } of zeroBlocks({ reader }))
      for (let index = first; index < end; index += 1) zeros.push(index);
    const all = [...found.keys(), ...zeros].sort((one, other) => one - other);
    const count = Math.ceil(reader.sizeBytes / blockSizeBytes);
    expect(all).toEqual(Array.from({ length: count }, (_, index) => index));
    const withData = [...found]
      .filter(([, digest]) => digest !== 'zeros')
      .sort(([one], [other]) => one - other);
    expect(withData).toEqual([...(await listed(imageBlocks({ reader })))]);
  },
);

test('of a file that is being written, those come first whose bytes are there', async ({ images }) => {
  const path = images.backwards;
  const { size: fileSize } = await stat(path);
  let there = 0;
  let grow = Promise.withResolvers<void>();
  const growTo = (bytes: number) => {
    there = bytes;
    grow.resolve();
    grow = Promise.withResolvers();
  };
  const early: { offset: number; length: number }[] = [];
  const growing = {
    fileSize,
    hurry: (range: { offset: number; length: number }) => void early.push(range),
    async arrived({ offset, length }: { offset: number; length: number }) {
      const isEarly = () =>
        early.some((one) => one.offset <= offset && one.offset + one.length >= offset + length);
      while (!isEarly() && offset + length > there) await grow.promise;
    },
  };
  const { reader } = await openImageReader({ path, format: 'qcow2', growing });
  await using opened = reader!;
  const came: number[] = [];
  const reading = (async () => {
    for await (const { index, release } of arrivingBlocks({ reader: opened })) {
      came.push(index);
      release();
    }
  })();
  // Tables and five blocks; they are read in groups of four.
  growTo(fileSize - 4 * blockSizeBytes);
  await expect.poll(() => came).toEqual(backwards.slice(0, 4));
  await sleep(50);
  expect(came).toHaveLength(4);
  growTo(fileSize);
  await reading;
  expect(came).toEqual(backwards);
});
