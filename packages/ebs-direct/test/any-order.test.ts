import { join } from 'node:path';
import { type Block, type BlockRange, blockSizeBytes, zeroBlock } from '@ec2-image/disk-blocks';
import { type WriteSnapshotOptions, writeSnapshot } from '@ec2-image/ebs-direct';
import { isExplained } from '@ec2-image/explained-error';
import { vi } from 'vitest';
import { describe, expect, someBlocks, test, testDiskBytes, writing } from './support/account.ts';

const count = testDiskBytes / blockSizeBytes;
const order = [40, 3, 33, 0, 47, 21];

async function* ranges(...list: readonly BlockRange[]): AsyncGenerator<BlockRange> {
  yield* list;
}

/** Every block that is not of `order`, but for two that no one names. */
const known = () =>
  ranges({ first: 1, end: 3 }, { first: 4, end: 21 }, { first: 22, end: 33 }, { first: 41, end: 47 });

describe('blocks that come in any order', () => {
  test('make the same snapshot, and those of zeros are sent while they wait', { timeout: 120_000 }, async ({
    account,
  }) => {
    const { blocks, content } = someBlocks(order);
    const rest = Promise.withResolvers<void>();
    const options: WriteSnapshotOptions = {
      ...writing(account),
      holes: undefined,
      zeros: known,
      async *blocks() {
        for await (const block of blocks()) {
          yield block;
          if (block.index === 3) await rest.promise;
        }
        // One that turns out to be zeros.
        yield { index: 34, data: zeroBlock, release() {} };
      },
    };
    const running = writeSnapshot(options);
    // All that are known, those past the end of the disk, and the first two of data.
    const early = 17 + 11 + 2 + 6 + (2048 - count) + 2;
    await vi.waitFor(() => expect(account.calls('PutSnapshotBlock')).toHaveLength(early), 60_000);
    rest.resolve();
    const { snapshotId, blocksSent } = await running;
    expect(blocksSent).toBe(2048);
    expect(await account.content(snapshotId)).toEqual(content);
  });

  test('are proven by a reading in order', async ({ account }) => {
    const disk = someBlocks(order);
    const inOrder = [...order].sort((one, other) => one - other);
    async function* proof(): AsyncGenerator<Block> {
      for (const index of inOrder) yield { index, data: disk.data.get(index)!, release() {} };
    }
    const options = { ...writing(account), blocks: disk.blocks, zeros: known, proof };
    const { snapshotId } = await writeSnapshot({ ...options, clientTokenFor: () => 'right' });
    expect(await account.content(snapshotId)).toEqual(disk.content);
    inOrder.splice(2, 1);
    await expect(
      writeSnapshot({
        ...options,
        clientTokenFor: () => 'wrong',
        isWrongContent: (error) => isExplained(error) && error.code === 'DISK_DIFFERS',
      }),
    ).rejects.toMatchObject({ code: 'DISK_DIFFERS' });
    expect(await account.snapshots()).toMatchObject([{ SnapshotId: snapshotId, State: 'completed' }]);
  });

  test('leave out holes that are known in the end, and none in which an earlier run has put something', async ({
    account,
  }) => {
    const first = someBlocks([5, 6, 40]);
    const options = { ...writing(account), zeros: known, journalPath: join(account.directory, 'journal') };
    const failing = async () => {
      throw new Error('the image arrives again');
    };
    await expect(
      writeSnapshot({ ...options, blocks: first.blocks, beforeComplete: failing }),
    ).rejects.toThrow('arrives again');
    const { blocks, content } = someBlocks(order);
    const progress: number[] = [];
    const written = await writeSnapshot({
      ...options,
      blocks,
      holes: () => ranges({ first: 4, end: 9 }, { first: 22, end: 30 }),
      onProgress: ({ done }) => void progress.push(done),
    });
    // The first run has sent zeros wherever it had nothing else.
    expect(written.blocks).toBe(count);
    expect(await account.content(written.snapshotId)).toEqual(content);
    expect(progress.at(-1)).toBe(testDiskBytes);
  });
});
