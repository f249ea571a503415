import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CompleteSnapshotCommand,
  type CompleteSnapshotCommandInput,
  EBSClient,
  GetSnapshotBlockCommand,
  ListChangedBlocksCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  type PutSnapshotBlockCommandInput,
  paginateListSnapshotBlocks,
  StartSnapshotCommand,
  type StartSnapshotCommandInput,
} from '@aws-sdk/client-ebs';
import { DeleteSnapshotCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { makeDisk } from '../ec2/disks.ts';
import { ended, openAccountWith, start as startImport } from '../ec2/imports.ts';
import { accountId, describe, expect, openAccount, type TestAccount, testWith } from '../support/account.ts';

const blockBytes = 524_288;
let time = Date.now();
const test = testWith({ now: () => time });

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest();
const block = (fill: number) => Buffer.alloc(blockBytes, fill);

async function start(ebs: EBSClient, given: Partial<StartSnapshotCommandInput> = {}): Promise<string> {
  const { SnapshotId } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...given }));
  return SnapshotId!;
}

function put(
  ebs: EBSClient,
  SnapshotId: string,
  BlockIndex: number,
  data: Buffer,
  more: Partial<PutSnapshotBlockCommandInput> = {},
) {
  return ebs.send(
    new PutSnapshotBlockCommand({
      SnapshotId,
      BlockIndex,
      BlockData: data,
      DataLength: blockBytes,
      Checksum: sha256(data).toString('base64'),
      ChecksumAlgorithm: 'SHA256',
      ...more,
    }),
  );
}

function complete(
  ebs: EBSClient,
  SnapshotId: string,
  count: number,
  more: Partial<CompleteSnapshotCommandInput> = {},
) {
  return ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: count, ...more }));
}

const linear = (...blocks: Buffer[]): Partial<CompleteSnapshotCommandInput> => ({
  Checksum: sha256(Buffer.concat(blocks.map(sha256))).toString('base64'),
  ChecksumAlgorithm: 'SHA256',
  ChecksumAggregationMethod: 'LINEAR',
});

async function described(account: TestAccount, id: string) {
  const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
  return Snapshots![0]!;
}

async function blocksOf(ebs: EBSClient, SnapshotId: string): Promise<[number, Buffer][]> {
  const { Blocks } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId }));
  return Promise.all(
    Blocks!.map(async ({ BlockIndex, BlockToken }) => {
      const { BlockData, Checksum, ChecksumAlgorithm, DataLength } = await ebs.send(
        new GetSnapshotBlockCommand({ SnapshotId, BlockIndex, BlockToken }),
      );
      const data = Buffer.from(await BlockData!.transformToByteArray());
      expect([ChecksumAlgorithm, DataLength]).toEqual(['SHA256', blockBytes]);
      expect(Checksum).toBe(sha256(data).toString('base64'));
      return [BlockIndex!, data];
    }),
  );
}

function refusal(name: string, status: number, more: { message?: RegExp; Reason?: string } = {}) {
  return expect.objectContaining({
    name,
    ...(more.message && { message: expect.stringMatching(more.message) }),
    ...(more.Reason && { Reason: more.Reason }),
    $metadata: expect.objectContaining({ httpStatusCode: status }),
  });
}

const invalid = (Reason: string, message?: RegExp) =>
  refusal('ValidationException', 400, { Reason, message });
const missing = 'snap-0123456789abcdef0';

test('a snapshot written block by block is read back as it was written', async ({ account, ebs }) => {
  const Tags = [{ Key: 'Name', Value: 'direct' }];
  const answer = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, Description: 'written', Tags }));
  expect(answer).toMatchObject({
    SnapshotId: expect.stringMatching(/^snap-0[0-9a-f]{16}$/),
    OwnerId: accountId,
    Status: 'pending',
    StartTime: expect.any(Date),
    VolumeSize: 1,
    BlockSize: blockBytes,
    Description: 'written',
    Tags,
  });
  const id = answer.SnapshotId!;
  expect(await described(account, id)).toMatchObject({
    State: 'pending',
    Progress: '0%',
    VolumeSize: 1,
    Tags,
  });
  const [first, last] = [randomBytes(blockBytes), block(7)];
  expect(await put(ebs, id, 2047, last)).toMatchObject({ Checksum: sha256(last).toString('base64') });
  await put(ebs, id, 3, block(9), { Progress: 50 });
  expect((await described(account, id)).Progress).toBe('50%');
  await put(ebs, id, 3, first);
  expect(await complete(ebs, id, 2, linear(first, last))).toMatchObject({ Status: 'pending' });
  expect(await described(account, id)).toMatchObject({
    State: 'completed',
    Progress: '100%',
    VolumeId: 'vol-ffffffff',
    Description: 'written',
    FullSnapshotSizeInBytes: 2 * blockBytes,
  });
  expect(await blocksOf(ebs, id)).toEqual([
    [3, first],
    [2047, last],
  ]);
  const raw = join(account.directory, 'snapshots', `${id}.raw`);
  expect((await stat(raw)).size).toBe(1024 ** 3);
  expect((await stat(raw)).blocks * 512).toBeLessThan(4 * blockBytes);
});

describe('StartSnapshot', () => {
  test('makes one snapshot for one token, and refuses the token to another request', async ({
    account,
    ebs,
  }) => {
    const given = { ClientToken: 'token', Description: 'd', Tags: [{ Key: 'k', Value: 'v' }] };
    const ids = await Promise.all([start(ebs, given), start(ebs, given)]);
    expect(ids[0]).toBe(ids[1]);
    const conflict = refusal('ConflictException', 409, { message: /same client token/ });
    await expect(start(ebs, { ...given, Tags: [] })).rejects.toEqual(conflict);
    await expect(start(ebs, { ...given, VolumeSize: 2 })).rejects.toEqual(conflict);
    await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: ids[0] }));
    expect(await start(ebs, given)).toBe(ids[0]);
    await expect(put(ebs, ids[0]!, 0, block(1))).rejects.toEqual(refusal('ResourceNotFoundException', 404));
  });

  test.for([
    [{ VolumeSize: 0 }, 'INVALID_VOLUME_SIZE'],
    [{ VolumeSize: 65_537 }, 'INVALID_VOLUME_SIZE'],
    [{ Timeout: 9 }, 'INVALID_PARAMETER_VALUE'],
    [{ Description: 'd'.repeat(256) }, 'INVALID_PARAMETER_VALUE'],
    [{ KmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/1' }, 'INVALID_PARAMETER_VALUE'],
    [{ Tags: [{ Key: 'aws:x', Value: 'v' }] }, 'INVALID_TAG'],
    [{ ParentSnapshotId: 'parent' }, 'INVALID_SNAPSHOT_ID'],
  ] as [Partial<StartSnapshotCommandInput>, string][])('refuses %j', async ([given, reason], { ebs }) => {
    await expect(start(ebs, given)).rejects.toEqual(invalid(reason));
  });

  test('gives a snapshot up to which nothing comes for too long', async ({ account, ebs }) => {
    const id = await start(ebs, { Timeout: 10 });
    time += 9 * 60_000;
    await put(ebs, id, 0, block(1));
    time += 9 * 60_000;
    expect(await described(account, id)).toMatchObject({ State: 'pending' });
    time += 2 * 60_000;
    expect(await described(account, id)).toMatchObject({ State: 'error' });
    await expect(put(ebs, id, 1, block(1))).rejects.toEqual(invalid('INVALID_SNAPSHOT_ID'));
  });
});

describe('PutSnapshotBlock', () => {
  let id: string;
  test.beforeAll(async ({ ebs }) => {
    id = await start(ebs);
  });

  test.for([
    [
      'another checksum',
      0,
      block(1),
      { Checksum: sha256(block(2)).toString('base64') },
      refusal('InvalidSignatureException', 403, { message: /does not match the computed checksum/ }),
    ],
    ['a block beyond the end', 2048, block(1), {}, invalid('INVALID_BLOCK', /beyond the volume size extent/)],
    ['half a block', 0, Buffer.alloc(blockBytes / 2), {}, invalid('INVALID_BLOCK', /262144/)],
    ['a longer block', 0, Buffer.alloc(blockBytes + 1), {}, invalid('INVALID_BLOCK')],
    ['another length', 0, block(1), { DataLength: 1 }, invalid('INVALID_PARAMETER_VALUE')],
    ['no checksum', 0, block(1), { Checksum: 'eA==' }, invalid('INVALID_PARAMETER_VALUE')],
  ] as const)('refuses %s', async ([_what, index, data, more, error], { ebs }) => {
    await expect(put(ebs, id, index, data, more)).rejects.toEqual(error);
    await expect(put(ebs, missing, index, data, more)).rejects.toThrow();
  });

  test('refuses a snapshot that is not there, or that takes no blocks any more', async ({ ebs }) => {
    await expect(put(ebs, missing, 0, block(1))).rejects.toEqual(
      refusal('ResourceNotFoundException', 404, { Reason: 'SNAPSHOT_NOT_FOUND', message: /does not exist/ }),
    );
    const done = await start(ebs);
    await complete(ebs, done, 0);
    await expect(put(ebs, done, 0, block(1))).rejects.toEqual(invalid('INVALID_SNAPSHOT_ID'));
  });

  test('does not see a new snapshot at once, where a fault says so', async ({ account, ebs }) => {
    account.aws.faults.add({ match: { operation: 'StartSnapshot' }, action: { kind: 'unseen', ms: 1000 } });
    const hidden = await start(ebs);
    await expect(put(ebs, hidden, 0, block(1))).rejects.toEqual(refusal('ResourceNotFoundException', 404));
    time += 1000;
    await put(ebs, hidden, 0, block(1));
  });
});

describe('CompleteSnapshot', () => {
  test.for([
    ['another count', 2, {}],
    ['another checksum', 1, linear(block(2))],
  ] as const)('ends in error on %s', async ([_what, count, more], { account, ebs }) => {
    const id = await start(ebs);
    await put(ebs, id, 0, block(1));
    expect(await complete(ebs, id, count, more)).toMatchObject({ Status: 'pending' });
    expect(await described(account, id)).toMatchObject({ State: 'error', StateMessage: expect.any(String) });
    await expect(blocksOf(ebs, id)).rejects.toEqual(invalid('INVALID_SNAPSHOT_ID', /error/));
  });

  test('takes its time, and may be said again', async () => {
    await using slow = await openAccount({ now: () => time, ec2: { snapshotCompletionMs: 5000 } });
    const other = slow.client(EBSClient);
    const { SnapshotId } = await other.send(new StartSnapshotCommand({ VolumeSize: 1 }));
    const command = new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: 0 });
    expect(await other.send(command)).toMatchObject({ Status: 'pending' });
    const list = new ListSnapshotBlocksCommand({ SnapshotId });
    await expect(other.send(list)).rejects.toEqual(invalid('INVALID_SNAPSHOT_ID', /pending/));
    time += 5000;
    expect(await other.send(command)).toMatchObject({ Status: 'completed' });
    expect((await other.send(list)).Blocks).toEqual([]);
    other.destroy();
  });

  test('waits for the blocks that are on their way', async ({ account, ebs }) => {
    const id = await start(ebs);
    const data = Array.from({ length: 12 }, (_, n) => block(n + 1));
    const puts = data.map((each, index) => put(ebs, id, index, each));
    await Promise.race(puts);
    const completed = complete(ebs, id, 12, linear(...data)).catch((error) => error);
    await Promise.allSettled(puts);
    expect(await completed).toMatchObject({ Status: 'pending' });
    const { State } = await described(account, id);
    // Which of them had come by then, only the server knows; what it has is whole in any case.
    if (State === 'completed') expect(await blocksOf(ebs, id)).toHaveLength(12);
    else expect(State).toBe('error');
  });
});

describe('reading', () => {
  test('pages, from any block on', async ({ ebs }) => {
    const id = await start(ebs);
    const indexes = Array.from({ length: 110 }, (_, n) => n * 3);
    const data = block(1);
    for (let at = 0; at < indexes.length; at += 22) {
      await Promise.all(indexes.slice(at, at + 22).map((index) => put(ebs, id, index, data)));
    }
    await complete(ebs, id, 110);
    const pages: number[][] = [];
    for await (const page of paginateListSnapshotBlocks({ client: ebs, pageSize: 100 }, { SnapshotId: id })) {
      expect(page).toMatchObject({ VolumeSize: 1, BlockSize: blockBytes, ExpiryTime: expect.any(Date) });
      pages.push(page.Blocks!.map(({ BlockIndex }) => BlockIndex!));
    }
    expect(pages.map(({ length }) => length)).toEqual([100, 10]);
    expect(pages.flat()).toEqual(indexes);
    const { Blocks } = await ebs.send(
      new ListSnapshotBlocksCommand({ SnapshotId: id, StartingBlockIndex: 320, MaxResults: 100 }),
    );
    expect(Blocks!.map(({ BlockIndex }) => BlockIndex)).toEqual([321, 324, 327]);
  });

  test('takes only the tokens it gave, for the block they are for', async ({ ebs }) => {
    const [id, other] = await Promise.all([start(ebs), start(ebs)]);
    for (const each of [id, other]) {
      await put(ebs, each, 0, block(1));
      await put(ebs, each, 1, block(1));
      await complete(ebs, each, 2);
    }
    const { Blocks } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id }));
    const { BlockToken } = Blocks![0]!;
    const get = (SnapshotId: string, BlockIndex: number, token = BlockToken) =>
      ebs.send(new GetSnapshotBlockCommand({ SnapshotId, BlockIndex, BlockToken: token }));
    await get(id, 0);
    const bad = invalid('INVALID_BLOCK_TOKEN');
    await expect(get(id, 1)).rejects.toEqual(bad);
    await expect(get(other, 0)).rejects.toEqual(bad);
    await expect(get(id, 0, 'AAAA')).rejects.toEqual(bad);
    time += 8 * 24 * 3_600_000;
    await expect(get(id, 0)).rejects.toEqual(bad);
    const list = (given: object) => ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id, ...given }));
    await expect(list({ NextToken: BlockToken })).rejects.toEqual(invalid('INVALID_PAGE_TOKEN'));
    await expect(list({ MaxResults: 99 })).rejects.toEqual(invalid('INVALID_PARAMETER_VALUE'));
    await expect(list({ SnapshotId: missing })).rejects.toEqual(refusal('ResourceNotFoundException', 404));
    await expect(list({ SnapshotId: 'snap-x' })).rejects.toEqual(invalid('INVALID_SNAPSHOT_ID'));
  });

  test('shows of an imported snapshot the blocks that hold data', async ({ ebs }) => {
    await using disk = await makeDisk(5 * blockBytes + 512);
    await using other = await openAccountWith(disk);
    const { SnapshotId } = await ended(other, await startImport(other));
    const own = ebs;
    ebs = other.client(EBSClient);
    try {
      const raw = await readFile(disk.rawPath);
      const blocks = await blocksOf(ebs, SnapshotId!);
      expect(blocks.length).toBeGreaterThan(1);
      const restored = Buffer.alloc(6 * blockBytes);
      for (const [index, data] of blocks) data.copy(restored, index * blockBytes);
      expect(restored.subarray(0, raw.length).equals(raw)).toBe(true);
      expect(restored.subarray(raw.length).every((byte) => byte === 0)).toBe(true);
    } finally {
      ebs.destroy();
      ebs = own;
    }
  });

  test('shows what is on disk: a bit that another flipped is seen', async ({ account, ebs }) => {
    const id = await start(ebs);
    await put(ebs, id, 1, block(1));
    await complete(ebs, id, 1);
    const file = await open(join(account.directory, 'snapshots', `${id}.raw`), 'r+');
    await file.write(Buffer.from([0]), 0, 1, blockBytes + 77);
    await file.close();
    const [[, data]] = (await blocksOf(ebs, id)) as [[number, Buffer]];
    expect(data[77]).toBe(0);
  });
});

test('a child has the blocks of its parent, but for those put into it', async ({ ebs }) => {
  const parent = await start(ebs, { VolumeSize: 1 });
  for (const index of [0, 1]) await put(ebs, parent, index, block(1));
  await complete(ebs, parent, 2);
  await expect(start(ebs, { ParentSnapshotId: parent, Encrypted: true })).rejects.toEqual(
    invalid('INVALID_PARAMETER_VALUE'),
  );
  const child = await start(ebs, { ParentSnapshotId: parent, VolumeSize: 2 });
  for (const index of [1, 4000]) await put(ebs, child, index, block(2));
  await complete(ebs, child, 2, linear(block(2), block(2)));
  expect(await blocksOf(ebs, child)).toEqual([
    [0, block(1)],
    [1, block(2)],
    [4000, block(2)],
  ]);
  const changed = async (FirstSnapshotId?: string) => {
    const command = new ListChangedBlocksCommand({ FirstSnapshotId, SecondSnapshotId: child });
    const { ChangedBlocks, VolumeSize } = await ebs.send(command);
    expect(VolumeSize).toBe(2);
    return ChangedBlocks!.map(({ BlockIndex, FirstBlockToken, SecondBlockToken }) => [
      BlockIndex,
      FirstBlockToken !== undefined,
      SecondBlockToken !== undefined,
    ]);
  };
  expect(await changed(parent)).toEqual([
    [1, true, true],
    [4000, false, true],
  ]);
  expect(await changed()).toEqual([
    [0, false, true],
    [1, false, true],
    [4000, false, true],
  ]);
  const stranger = await start(ebs);
  await complete(ebs, stranger, 0);
  await expect(changed(stranger)).rejects.toEqual(invalid('UNRELATED_SNAPSHOTS'));
});

describe('a fault', () => {
  test('throttles', async ({ account, ebs }) => {
    account.aws.faults.add({
      match: { service: 'ebs', operation: 'PutSnapshotBlock' },
      action: { kind: 'error', preset: 'throttling' },
    });
    const id = await start(ebs);
    await expect(put(ebs, id, 0, block(1))).rejects.toEqual(refusal('RequestThrottledException', 400));
    await put(ebs, id, 0, block(1));
  });

  test('flips a bit of what is stored, and of what is sent', async ({ account, ebs }) => {
    const id = await start(ebs);
    account.aws.faults.add({
      match: { operation: 'PutSnapshotBlock', parameters: { BlockIndex: '1' } },
      action: { kind: 'flip-bit', offset: 5 },
    });
    await put(ebs, id, 0, block(0xff));
    await put(ebs, id, 1, block(0xff));
    await complete(ebs, id, 2);
    const blocks = await blocksOf(ebs, id);
    expect(blocks[0]![1].equals(block(0xff))).toBe(true);
    expect(blocks[1]![1][5]).toBe(0xfe);
    account.aws.faults.add({ match: { operation: 'GetSnapshotBlock' }, action: { kind: 'flip-bit' } });
    await expect(blocksOf(ebs, id)).rejects.toThrow();
  });
});

describe('a volume', () => {
  async function volume(
    account: TestAccount,
    snapshotId: string,
    options: { encrypted?: boolean; blocks?: number } = {},
  ) {
    const blocks: Buffer[] = [];
    for await (const each of account.aws.readVolume({ snapshotId, blocks: 4, ...options })) blocks.push(each);
    return blocks;
  }
  async function written(
    ebs: EBSClient,
    given: Partial<StartSnapshotCommandInput>,
    blocks: ReadonlyMap<number, Buffer>,
  ) {
    const id = await start(ebs, given);
    for (const [index, data] of blocks) await put(ebs, id, index, data);
    await complete(ebs, id, blocks.size);
    return id;
  }
  const data = new Map([
    [0, block(1)],
    [2, block(0)],
  ]);

  test('of an encrypted snapshot holds noise where no block was written, always the same', async ({
    account,
    ebs,
  }) => {
    const id = await written(ebs, { Encrypted: true }, data);
    const [first, absent, zeros, other] = await volume(account, id, { encrypted: false });
    expect([first!.equals(block(1)), zeros!.equals(block(0))]).toEqual([true, true]);
    expect(new Set(absent).size).toBe(256);
    expect(absent!.equals(other!)).toBe(false);
    expect((await volume(account, id))[1]!.equals(absent!)).toBe(true);
    expect((await blocksOf(ebs, id)).map(([index]) => index)).toEqual([0, 2]);
    const answer = await fetch(`${account.aws.url}/_local-aws/volumes/${id}?firstBlock=1&blocks=1`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(absent!)).toBe(true);
  });

  test('of another snapshot does so only where the volume itself is encrypted', async ({ account, ebs }) => {
    const id = await written(ebs, {}, data);
    expect((await volume(account, id))[1]!.equals(block(0))).toBe(true);
    const [first, absent, zeros] = await volume(account, id, { encrypted: true });
    expect([first!.equals(block(1)), zeros!.equals(block(0))]).toEqual([true, true]);
    expect(new Set(absent).size).toBe(256);
  });

  test('cannot be made of a snapshot that is not complete', async ({ account, ebs }) => {
    const id = await start(ebs);
    await expect(volume(account, id)).rejects.toMatchObject({ code: 'SNAPSHOT_UNREADABLE' });
    expect((await fetch(`${account.aws.url}/_local-aws/volumes/${id}`)).status).toBe(400);
  });
});

describe('a block of zeros', () => {
  test('takes no room, and replaces what was there', async ({ account, ebs }) => {
    const id = await start(ebs);
    await put(ebs, id, 0, block(7));
    for (let index = 0; index < 40; index += 1) await put(ebs, id, index, block(0));
    await complete(ebs, id, 40, linear(...Array.from({ length: 40 }, () => block(0))));
    expect((await described(account, id)).State).toBe('completed');
    const blocks = await blocksOf(ebs, id);
    expect(blocks.map(([index]) => index)).toEqual(Array.from({ length: 40 }, (_, index) => index));
    expect(blocks.every(([, each]) => each.equals(block(0)))).toBe(true);
    const { blocks: sectors } = await stat(join(account.directory, 'snapshots', `${id}.raw`));
    expect(sectors * 512).toBeLessThan(2 * blockBytes);
  });

  test('is not believed for its checksum', async ({ ebs }) => {
    const id = await start(ebs);
    const Checksum = sha256(block(0)).toString('base64');
    for (const data of [block(1), Buffer.concat([block(0).subarray(1), Buffer.of(1)])]) {
      await expect(put(ebs, id, 0, data, { Checksum })).rejects.toEqual(
        refusal('InvalidSignatureException', 403, {
          message: new RegExp(`Computed checksum: ${sha256(data).toString('base64').replace(/[+]/g, '.')}`),
        }),
      );
    }
  });
});

test('a deleted snapshot takes its bytes along, also after a crash in between', async () => {
  await using first = await openAccount();
  const other = first.client(EBSClient);
  const { SnapshotId } = await other.send(new StartSnapshotCommand({ VolumeSize: 1 }));
  const file = join(first.directory, 'snapshots', `${SnapshotId}.raw`);
  const orphan = join(first.directory, 'snapshots', `${missing}.raw`);
  await writeFile(orphan, 'left behind');
  await using _second = await openAccount({ directory: first.directory });
  await expect.poll(() => existsSync(orphan)).toBe(false);
  expect(existsSync(file)).toBe(true);
  await first.ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
  expect(existsSync(file)).toBe(false);
  other.destroy();
});
