import { digestBlocks, verifySnapshot, writeSnapshot } from '@ec2-image/ebs-direct';
import { expect, someBlocks, testDiskBytes, test as testWithAccount, writing } from './support/account.ts';

/** The first of the seeds, each of which makes an account that behaves in its own way. */
const firstSeed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e6));

for (const seed of [0, 1, 2, 3].map((number) => firstSeed + number)) {
  const test = testWithAccount.extend('accountOptions', { conditions: 'adverse', seed });

  test(`writes and verifies a snapshot in adverse conditions (EC2_IMAGE_SEED=${seed})`, async ({
    account,
  }) => {
    const { blocks, data } = someBlocks([0, 7, 31, 47]);
    const options = writing(account);
    const { snapshotId } = await writeSnapshot({ ...options, blocks });
    const { ebs, clock, sizeBytes } = options;
    const expected = await digestBlocks({ blocks: blocks(), sizeBytes });
    // What lies behind the end of so small a disk is in no block.
    await verifySnapshot({ ebs, clock, snapshotId, expected, allowAbsent: true });
    const zeros = Buffer.alloc(testDiskBytes / 48);
    let index = 0;
    for await (const block of account.aws.readVolume({ snapshotId, encrypted: true, blocks: 48 })) {
      expect(block.equals(data.get(index) ?? zeros)).toBe(true);
      index += 1;
    }
    expect(await account.snapshots()).toMatchObject([{ SnapshotId: snapshotId, State: 'completed' }]);
  });

  test(`leaves nothing of wrong content, which EC2 may not show yet (EC2_IMAGE_SEED=${seed})`, async ({
    account,
  }) => {
    const wrong = new Error('another digest');
    const states: string[] = [];
    const writes = writeSnapshot({
      ...writing(account),
      // biome-ignore lint/correctness/useYield: it fails before the first block
      async *blocks() {
        throw wrong;
      },
      isWrongContent: (error) => error === wrong,
      onState: ({ state }) => void states.push(state),
    });
    await expect(writes).rejects.toBe(wrong);
    expect({ states, left: await account.snapshots() }).toEqual({ states: ['pending', 'deleted'], left: [] });
  });
}
