import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Block, blockSizeBytes } from '@ec2-image/disk-blocks';
import { writeSnapshot } from '@ec2-image/ebs-direct';
import { isExplained } from '@ec2-image/explained-error';
import { type Account, describe, expect, someBlocks, test, writing } from './support/account.ts';

const indexes = [0, 1, 5, 20, 46];

/** A run whose proof reads these blocks; a difference is proof of wrong content. */
function provenBy(account: Account, disk: ReturnType<typeof someBlocks>, proof: () => AsyncGenerator<Block>) {
  return {
    ...writing(account),
    blocks: disk.blocks,
    proof,
    isWrongContent: (error: unknown) => isExplained(error) && error.code === 'DISK_DIFFERS',
    journalPath: join(account.directory, 'journal'),
  };
}

/** Each block with what an independent reading makes of it; undefined where it reads zeros. */
async function* reread(
  { blocks }: ReturnType<typeof someBlocks>,
  change: (block: Block) => Block | undefined,
): AsyncGenerator<Block> {
  for await (const block of blocks()) {
    const read = change(block);
    if (read) yield read;
  }
}

test('what an independent reading confirms is completed, whichever of the two is faster', async ({
  account,
}) => {
  const disk = someBlocks(indexes);
  const fast = provenBy(account, disk, disk.blocks);
  expect(await writeSnapshot({ ...fast, clientTokenFor: () => 'fast' })).toMatchObject({ blocksSent: 48 });
  const slow = provenBy(account, disk, async function* () {
    for await (const block of disk.blocks()) {
      await sleep(20);
      yield block;
    }
  });
  const { snapshotId } = await writeSnapshot({ ...slow, clientTokenFor: () => 'slow' });
  expect(await account.content(snapshotId)).toEqual(disk.content);
});

test('a sample of them is confirmed by what is read of it alone, zeros included', async ({ account }) => {
  const disk = someBlocks(indexes);
  const sampled = new Set([0, 5, 6, 46]);
  const sample = (block: Block) => (sampled.has(block.index) ? block : undefined);
  const options = {
    ...provenBy(account, disk, () => reread(disk, sample)),
    isProven: (index: number) => sampled.has(index),
  };
  const { snapshotId } = await writeSnapshot({ ...options, clientTokenFor: () => 'sample' });
  expect(await account.content(snapshotId)).toEqual(disk.content);
  const without = () => reread(disk, (block) => (block.index === 5 ? undefined : sample(block)));
  await expect(
    writeSnapshot({ ...options, proof: without, clientTokenFor: () => 'without' }),
  ).rejects.toMatchObject({ code: 'DISK_DIFFERS', facts: { blockIndex: 5 } });
});

describe('a difference ends the run before the snapshot is completed, and deletes the snapshot', () => {
  const other = Buffer.alloc(blockSizeBytes, 'other');
  const added = (index: number): Block => ({ index, data: other, release: () => {} });

  test.for<[string, number, (disk: ReturnType<typeof someBlocks>) => AsyncGenerator<Block>]>([
    ['another block', 5, (disk) => reread(disk, (block) => (block.index === 5 ? added(5) : block))],
    ['zeros', 20, (disk) => reread(disk, (block) => (block.index === 20 ? undefined : block))],
    ['zeros at the end', 46, (disk) => reread(disk, (block) => (block.index === 46 ? undefined : block))],
    [
      'data in place of zeros',
      47,
      async function* (disk) {
        yield* disk.blocks();
        yield added(47);
      },
    ],
  ])('%s', async ([, index, proof], { account }) => {
    const disk = someBlocks(indexes);
    const options = provenBy(account, disk, () => proof(disk));
    const states: string[] = [];
    await expect(
      writeSnapshot({ ...options, onState: ({ state }) => void states.push(state) }),
    ).rejects.toMatchObject({
      code: 'DISK_DIFFERS',
      message: expect.stringContaining(`offset ${index * blockSizeBytes} `),
    });
    expect(account.calls('CompleteSnapshot')).toEqual([]);
    expect(await account.snapshots()).toEqual([]);
    expect(states).toEqual(['pending', 'deleted']);
    // Its token is spent: what is right is written as another snapshot.
    const { snapshotId } = await writeSnapshot({ ...options, proof: disk.blocks });
    expect(await account.content(snapshotId)).toEqual(disk.content);
  });
});

test('a proof that cannot be made ends the run, and the next one resumes the snapshot', async ({
  account,
}) => {
  const disk = someBlocks(indexes);
  const options = provenBy(account, disk, async function* () {
    yield* reread(disk, (block) => (block.index < 20 ? block : undefined));
    throw new Error('cannot be read');
  });
  await expect(writeSnapshot(options)).rejects.toThrow('cannot be read');
  const [pending] = await account.snapshots();
  expect(pending?.State).toBe('pending');
  expect(await writeSnapshot({ ...options, proof: disk.blocks })).toMatchObject({
    snapshotId: pending?.SnapshotId,
  });
});
