import { appendFile, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  blockSizeBytes,
  digestBlocks,
  readDigests,
  verifySnapshot,
  writeDigests,
  writeSnapshot,
} from '@ec2-image/ebs-direct';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Account, openAccount, someBlocks, writing } from './support/account.ts';

const sizeBytes = 700 * blockSizeBytes;
const indexes = [0, 3, 4, 5, 90, 699];

let account: Account;

beforeEach(async () => {
  account = await openAccount();
});

afterEach(() => account[Symbol.asyncDispose]());

async function written() {
  const { blocks, data } = someBlocks(indexes);
  const { snapshotId, digests } = await writeSnapshot({ ...writing(account), blocks });
  const verify = (expected = { sizeBytes, digests }) =>
    verifySnapshot({ ebs: account.ebs, snapshotId, expected, sleep: async () => {} });
  return { snapshotId, blocks, data, digests, verify };
}

describe('verifySnapshot', () => {
  test('passes on the disk that was written', async () => {
    const { blocks, snapshotId, verify } = await written();
    expect(await verify(await digestBlocks({ blocks: blocks(), sizeBytes }))).toEqual({
      snapshotId,
      blocks: 6,
    });
  });

  test('finds one flipped bit that nothing else shows', async () => {
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

  test.each(indexes)('finds that the snapshot lacks block %i', async (missing) => {
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

  test('names the first of several differences', async () => {
    const { digests, verify } = await written();
    const expected = new Map(digests);
    // 4 is data in what should be a hole, 60 is missing, 90 differs.
    expected.delete(4);
    expected.set(60, digests.get(3)!);
    expected.set(90, digests.get(3)!);
    await expect(verify({ sizeBytes, digests: expected })).rejects.toMatchObject({
      facts: { blockIndex: 4 },
    });
    expected.set(4, digests.get(4)!);
    await expect(verify({ sizeBytes, digests: expected })).rejects.toMatchObject({
      facts: { blockIndex: 60 },
    });
    expected.delete(60);
    await expect(verify({ sizeBytes, digests: expected })).rejects.toMatchObject({
      facts: { blockIndex: 90 },
    });
  });

  test('a block of zeros is as good as none', async () => {
    const { blocks, data } = someBlocks([0, 7]);
    data.get(7)!.fill(0);
    const { snapshotId, digests } = await writeSnapshot({ ...writing(account), blocks });
    const expected = { sizeBytes, digests: new Map([[0, digests.get(0)!]]) };
    expect(await verifySnapshot({ ebs: account.ebs, snapshotId, expected })).toEqual({
      snapshotId,
      blocks: 2,
    });
  });

  test('data past the end of the disk is a difference', async () => {
    const { digests, verify } = await written();
    const shorter = new Map(digests);
    shorter.delete(699);
    await expect(verify({ sizeBytes: 699 * blockSizeBytes, digests: shorter })).rejects.toThrow(
      /past the end of the disk/,
    );
  });

  test('a snapshot that is too small is a difference', async () => {
    const { digests, verify } = await written();
    await expect(verify({ sizeBytes: 2 ** 30 + 1, digests })).rejects.toMatchObject({
      code: 'SNAPSHOT_DIFFERS',
    });
  });

  test('more blocks than a page are all read', async () => {
    const { blocks } = someBlocks(Array.from({ length: 250 }, (_, index) => 2 * index));
    const { snapshotId, digests } = await writeSnapshot({ ...writing(account), blocks });
    const { blocks: read } = await verifySnapshot({
      ebs: account.ebs,
      snapshotId,
      expected: { sizeBytes, digests },
      pageSize: 100,
    });
    expect([read, account.calls('ListSnapshotBlocks').length]).toEqual([250, 3]);
  });

  test('damage on the way is told from damage in the snapshot', async () => {
    const { verify } = await written();
    account.aws.faults.add({
      match: { operation: 'GetSnapshotBlock' },
      times: 2,
      action: { kind: 'flip-bit' },
    });
    expect(await verify()).toMatchObject({ blocks: 6 });
    account.aws.faults.add({
      match: { operation: 'GetSnapshotBlock' },
      times: 'always',
      action: { kind: 'flip-bit' },
    });
    await expect(verify()).rejects.toMatchObject({ code: 'BLOCK_DAMAGED' });
  });

  test.each([
    { kind: 'error', preset: 'throttling' },
    { kind: 'error', preset: 'unavailable' },
    { kind: 'drop' },
    { kind: 'cut', afterBytes: 1000 },
  ] as const)('$kind $preset is survived', async (action) => {
    const { verify } = await written();
    for (const operation of ['ListSnapshotBlocks', 'GetSnapshotBlock'])
      account.aws.faults.add({ match: { operation }, times: 2, action });
    expect(await verify()).toMatchObject({ blocks: 6 });
  });

  test('a snapshot that is not there, or pending, is unreadable, and access may be denied', async () => {
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

  test('an abort ends it', async () => {
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
  test('stands for the disk later', async () => {
    const { digests, verify } = await written();
    const path = join(account.directory, 'disk.digests');
    await writeDigests({ path, content: { sizeBytes, digests } });
    const read = await readDigests({ path });
    expect(read.sizeBytes).toBe(sizeBytes);
    expect([...read.digests]).toEqual([...digests].sort(([a], [b]) => a - b));
    expect(await verify(read as never)).toMatchObject({ blocks: 6 });
  });

  test.each([
    ['cut in its last line', (path: string) => truncate(path, 400)],
    ['with a line missing', dropLine],
    ['with a line more', (path: string) => appendFile(path, `7 ${'ab'.repeat(32)}\n`)],
    ['of something else', (path: string) => writeFile(path, 'sha256sum  disk.raw\n')],
    ['empty', (path: string) => truncate(path, 0)],
    ['of another version', bumpVersion],
  ])('is refused %s', async (_, spoil) => {
    const { digests } = await written();
    const path = join(account.directory, 'disk.digests');
    await writeDigests({ path, content: { sizeBytes, digests } });
    await spoil(path);
    await expect(readDigests({ path })).rejects.toMatchObject({ code: 'BAD_DIGESTS_FILE' });
  });

  test('that is not there is refused by name', async () => {
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
