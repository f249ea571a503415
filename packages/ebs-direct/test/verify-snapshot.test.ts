import { createHash } from 'node:crypto';
import { appendFile, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CompleteSnapshotCommand, PutSnapshotBlockCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { fakeClock } from '@ec2-image/aws-call/testing';
import { blockSizeBytes } from '@ec2-image/disk-blocks';
import {
  digestBlocks,
  type ExpectedContent,
  readDigests,
  verifySnapshot,
  writeDigests,
  writeSnapshot,
} from '@ec2-image/ebs-direct';
import { type Account, test as base, describe, expect, someBlocks, writing } from './support/account.ts';

const sizeBytes = 70 * blockSizeBytes;
const indexes = [0, 3, 4, 5, 50, 69];
/** Past the disk's end: `writing` leaves it out. */
const omitted = [{ first: 70, end: 2048 }];

const test = base.extend('written', ({ account }) => async () => {
  const { blocks, data } = someBlocks(indexes);
  const { snapshotId, ...rest } = await writeSnapshot({ ...writing(account), sizeBytes, blocks });
  const { digests } = rest.content!;
  const verify = (expected: ExpectedContent = rest.content!) =>
    verifySnapshot({
      ebs: account.ebs,
      snapshotId,
      expected: { omitted, ...expected },
      clock: fakeClock(),
    });
  return { snapshotId, blocks, data, digests, verify };
});

describe('verifySnapshot', () => {
  test('passes on the disk that was written', async ({ written }) => {
    const { blocks, snapshotId, verify } = await written();
    expect(await verify(await digestBlocks({ blocks: blocks(), sizeBytes }))).toEqual({
      snapshotId,
      blocks: 70,
      absentBlocks: 2048 - 70,
    });
  });

  test('finds one flipped bit that nothing else shows', async ({ account, written }) => {
    account.aws.faults.add({
      match: { operation: 'PutSnapshotBlock', parameters: { BlockIndex: '4' } },
      action: { kind: 'flip-bit', offset: 12_345, bit: 6 },
    });
    const { snapshotId, verify } = await written();
    await expect(verify()).rejects.toMatchObject({
      code: 'SNAPSHOT_DIFFERS',
      facts: { snapshotId, offset: 4 * blockSizeBytes, blockIndex: 4 },
    });
  });

  test.for(indexes)('finds that the snapshot lacks block %i', async (missing, { account, written }) => {
    const { digests } = await written();
    const other = await writeSnapshot({
      ...writing(account),
      blocks: someBlocks([]).blocks,
      clientTokenFor: () => 'other',
    });
    await expect(
      verifySnapshot({
        ebs: account.ebs,
        snapshotId: other.snapshotId,
        expected: { sizeBytes, digests: new Map([[missing, digests.get(missing)!]]) },
      }),
    ).rejects.toMatchObject({ facts: { blockIndex: missing } });
  });

  test('names the first of several differences', async ({ written }) => {
    const { digests, verify } = await written();
    const expected = new Map(digests);
    // 4 is data in what should be a hole, 40 is missing, 50 differs.
    expected.delete(4);
    expected.set(40, digests.get(3)!);
    expected.set(50, digests.get(3)!);
    await expect(verify({ sizeBytes, digests: expected })).rejects.toMatchObject({
      facts: { blockIndex: 4 },
    });
    expected.set(4, digests.get(4)!);
    await expect(verify({ sizeBytes, digests: expected })).rejects.toMatchObject({
      facts: { blockIndex: 40 },
    });
    expected.delete(40);
    await expect(verify({ sizeBytes, digests: expected })).rejects.toMatchObject({
      facts: { blockIndex: 50 },
    });
  });

  /** As a writer makes it that leaves zeros out. */
  async function sparse(account: Account) {
    const { data } = someBlocks([0, 7]);
    const { SnapshotId: snapshotId } = await account.ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
    const digests = new Map<number, Buffer>();
    for (const [index, bytes] of data) {
      digests.set(index, createHash('sha256').update(bytes).digest());
      await account.ebs.send(
        new PutSnapshotBlockCommand({
          SnapshotId: snapshotId,
          BlockIndex: index,
          BlockData: bytes,
          DataLength: blockSizeBytes,
          Checksum: digests.get(index)!.toString('base64'),
          ChecksumAlgorithm: 'SHA256',
        }),
      );
    }
    await account.ebs.send(new CompleteSnapshotCommand({ SnapshotId: snapshotId, ChangedBlocksCount: 2 }));
    return { ebs: account.ebs, snapshotId: snapshotId!, expected: { sizeBytes, digests }, data };
  }

  test('blocks of zeros that were never written are an error of their own', async ({ account }) => {
    const { data, ...options } = await sparse(account);
    await expect(verifySnapshot(options)).rejects.toMatchObject({
      code: 'ABSENT_BLOCKS',
      facts: { absentBlocks: 2046, offset: blockSizeBytes },
    });
    expect(await verifySnapshot({ ...options, allowAbsent: true })).toMatchObject({
      blocks: 2,
      absentBlocks: 2046,
    });
    const known = { ...options.expected, omitted: [{ first: 1, end: 7 }, ...omitted] };
    await expect(verifySnapshot({ ...options, expected: known })).rejects.toMatchObject({
      code: 'ABSENT_BLOCKS',
      facts: { absentBlocks: 62, offset: 8 * blockSizeBytes },
    });
    const seen: Buffer[] = [];
    const { snapshotId } = options;
    for await (const block of account.aws.readVolume({ snapshotId, encrypted: true, blocks: 8 }))
      seen.push(block);
    expect([seen[0]!.equals(data.get(0)!), seen[7]!.equals(data.get(7)!)]).toEqual([true, true]);
    expect(seen[1]!.equals(Buffer.alloc(blockSizeBytes))).toBe(false);
  });

  test('whether blocks may be absent is asked where some are, and where nothing else is wrong', async ({
    account,
    written,
  }) => {
    let asked = 0;
    const allowAbsent = async () => {
      asked += 1;
      return true;
    };
    const { snapshotId, digests } = await written();
    const expected = { sizeBytes, digests, omitted };
    await verifySnapshot({ ebs: account.ebs, snapshotId, expected, allowAbsent });
    expect(asked).toBe(0);
    const { data: _, ...options } = await sparse(account);
    const other = new Map(options.expected.digests).set(9, digests.get(0)!);
    await expect(
      verifySnapshot({ ...options, expected: { sizeBytes, digests: other }, allowAbsent }),
    ).rejects.toMatchObject({ code: 'SNAPSHOT_DIFFERS', facts: { blockIndex: 9 } });
    expect(asked).toBe(0);
    await verifySnapshot({ ...options, allowAbsent });
    expect(asked).toBe(1);
  });

  test('data past the end of the disk is a difference', async ({ written }) => {
    const { digests, verify } = await written();
    const shorter = new Map(digests);
    shorter.delete(69);
    await expect(verify({ sizeBytes: 69 * blockSizeBytes, digests: shorter })).rejects.toThrow(
      /past the end of the disk/,
    );
  });

  test('a snapshot that is too small is a difference', async ({ written }) => {
    const { digests, verify } = await written();
    await expect(verify({ sizeBytes: 2 ** 30 + 1, digests })).rejects.toMatchObject({
      code: 'SNAPSHOT_DIFFERS',
    });
  });

  test('more blocks than a page are all read', async ({ account }) => {
    const { blocks } = someBlocks([0, 99, 100, 129]);
    const sizeBytes = 130 * blockSizeBytes;
    const { snapshotId, ...rest } = await writeSnapshot({ ...writing(account), sizeBytes, blocks });
    const { blocks: read } = await verifySnapshot({
      ebs: account.ebs,
      snapshotId,
      expected: rest.content!,
      pageSize: 100,
    });
    expect([read, account.calls('ListSnapshotBlocks').length]).toEqual([130, 2]);
  });

  test('damage on the way is told from damage in the snapshot', async ({ account, written }) => {
    const { verify } = await written();
    account.aws.faults.add({
      match: { operation: 'GetSnapshotBlock' },
      times: 2,
      action: { kind: 'flip-bit' },
    });
    expect(await verify()).toMatchObject({ blocks: 70 });
    account.aws.faults.add({
      match: { operation: 'GetSnapshotBlock' },
      times: 'always',
      action: { kind: 'flip-bit' },
    });
    await expect(verify()).rejects.toMatchObject({ code: 'BLOCK_DAMAGED' });
  });

  test.for([
    { kind: 'error', preset: 'throttling' },
    { kind: 'error', preset: 'unavailable' },
    { kind: 'drop' },
    { kind: 'cut', afterBytes: 1000 },
  ] as const)('$kind $preset is survived', async (action, { account, written }) => {
    const { verify } = await written();
    for (const operation of ['ListSnapshotBlocks', 'GetSnapshotBlock'])
      account.aws.faults.add({ match: { operation }, times: 2, action });
    expect(await verify()).toMatchObject({ blocks: 70 });
  });

  test('a snapshot that is not there, or pending, is unreadable, and access may be denied', async ({
    account,
    written,
  }) => {
    const expected = { sizeBytes, digests: new Map() };
    const { ebs } = account;
    await expect(
      verifySnapshot({ ebs, snapshotId: 'snap-0123456789abcdef0', expected }),
    ).rejects.toMatchObject({
      code: 'SNAPSHOT_UNREADABLE',
    });
    const { verify } = await written();
    account.aws.faults.add({
      match: { operation: 'GetSnapshotBlock' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    await expect(verify()).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      hint: expect.stringMatching('ebs:'),
    });
  });

  test('an abort ends it', async ({ account, written }) => {
    const { snapshotId, digests } = await written();
    await expect(
      verifySnapshot({
        ebs: account.ebs,
        snapshotId,
        expected: { sizeBytes, digests },
        signal: AbortSignal.abort(),
      }),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('the file of digests', () => {
  test('stands for the disk later', async ({ account, written }) => {
    const { digests, verify } = await written();
    const path = join(account.directory, 'disk.digests');
    await writeDigests({ path, content: { sizeBytes, digests } });
    const read = await readDigests({ path });
    expect(read.sizeBytes).toBe(sizeBytes);
    expect([...read.digests]).toEqual([...digests].sort(([a], [b]) => a - b));
    expect(await verify(read as never)).toMatchObject({ blocks: 70 });
  });

  test.for<[string, (path: string) => Promise<void>]>([
    ['cut in its last line', (path: string) => truncate(path, 400)],
    ['with a line missing', dropLine],
    ['with a line more', (path: string) => appendFile(path, `7 ${'ab'.repeat(32)}\n`)],
    ['of something else', (path: string) => writeFile(path, 'sha256sum  disk.raw\n')],
    ['empty', (path: string) => truncate(path, 0)],
    ['of another version', bumpVersion],
  ])('is refused %s', async ([_, spoil], { account, written }) => {
    const { digests } = await written();
    const path = join(account.directory, 'disk.digests');
    await writeDigests({ path, content: { sizeBytes, digests } });
    await spoil(path);
    await expect(readDigests({ path })).rejects.toMatchObject({ code: 'BAD_DIGESTS_FILE' });
  });

  test('that is not there is refused by name', async ({ account }) => {
    const path = join(account.directory, 'none.digests');
    await expect(readDigests({ path })).rejects.toMatchObject({ code: 'BAD_DIGESTS_FILE', facts: { path } });
  });
});

async function dropLine(path: string): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, lines.toSpliced(2, 1).join('\n'));
}

async function bumpVersion(path: string): Promise<void> {
  const file = await open(path, 'r+');
  const text = (await file.readFile('utf8')).replace('"version":1', '"version":2');
  await file.write(text, 0);
  await file.close();
}
