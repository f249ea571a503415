import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CompleteSnapshotCommand, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { type BlockRange, blockSizeBytes } from '@ec2-image/disk-blocks';
import { type WriteSnapshotOptions, writeSnapshot } from '@ec2-image/ebs-direct';
import { vi } from 'vitest';
import {
  type Account,
  describe,
  expect,
  someBlocks,
  test,
  testDiskBytes,
  writing,
} from './support/account.ts';

const hurriedTest = test.extend('accountOptions', { requestTimeoutMs: 200 });
/** Where a snapshot stays pending. */
const pendingTest = test.extend('accountOptions', { snapshotCompletionMs: 60 * 60_000 });

const indexes = [0, 1, 5, 6, 7, 20, 21, 33, 46];

test('a disk is written as a tagged snapshot that holds it', async ({ account }) => {
  const { blocks, content, data } = someBlocks(indexes);
  const progress: number[] = [];
  const written = await writeSnapshot({
    ...writing(account),
    blocks,
    onProgress: ({ done }) => void progress.push(done),
  });
  expect(written).toMatchObject({ sizeGiB: 1, blocks: 48, blocksSent: 48 });
  expect([...written.content!.digests.keys()].sort((a, b) => a - b)).toEqual([...data.keys()]);
  expect(await account.content(written.snapshotId)).toEqual(content);
  expect(await account.snapshots()).toEqual([
    {
      SnapshotId: written.snapshotId,
      State: 'completed',
      Tags: expect.arrayContaining([{ Key: 'Name', Value: 'test' }]),
    },
  ]);
  expect(progress.at(-1)).toBe(testDiskBytes);
});

test('a block that is refused ends the writing, though its source ends after that', async ({ account }) => {
  const match = { operation: 'PutSnapshotBlock', parameters: { BlockIndex: '0' } };
  account.aws.faults.add({ match, times: 'always', action: { kind: 'error', preset: 'access-denied' } });
  const { blocks } = someBlocks([47]);
  const options: WriteSnapshotOptions = {
    ...writing(account),
    // None has to wait for another.
    concurrency: 32,
    async *blocks() {
      yield* blocks();
      await vi.waitFor(() =>
        expect(account.calls('PutSnapshotBlock')).toContainEqual(
          expect.objectContaining({ status: expect.toSatisfy((status: number) => status >= 400) }),
        ),
      );
      // Until the answer has arrived, too.
      await setTimeout(100);
    },
  };
  await expect(writeSnapshot(options)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  expect(account.calls('CompleteSnapshot')).toEqual([]);
});

const listed = async ({ ebs }: Account, snapshotId: string) => {
  const { Blocks = [] } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: snapshotId }));
  return Blocks.map(({ BlockIndex }) => BlockIndex);
};

async function* ranges(...list: readonly BlockRange[]): AsyncGenerator<BlockRange> {
  yield* list;
}

test("every block of the volume is written: zeros, and what is past the disk's end", {
  timeout: 120_000,
}, async ({ account }) => {
  const { blocks, data } = someBlocks([3, 47]);
  const written = await writeSnapshot({ ...writing(account, { concurrency: 8 }), blocks, holes: undefined });
  const { snapshotId } = written;
  expect(written).toMatchObject({ sizeGiB: 1, blocks: 2048, blocksSent: 2048 });
  expect(await listed(account, snapshotId)).toEqual(Array.from({ length: 2048 }, (_, i) => i));
  let index = 0;
  for await (const block of account.aws.readVolume({ snapshotId, encrypted: true })) {
    expect(block.equals(data.get(index) ?? Buffer.alloc(blockSizeBytes))).toBe(true);
    index += 1;
  }
  expect(index).toBe(2048);
});

test('what was never written is left out, and nothing that holds data', async ({ account }) => {
  const { blocks, content } = someBlocks([3, 40]);
  const holes = () => ranges({ first: 2, end: 5 }, { first: 10, end: 12 }, { first: 47, end: 48 });
  const options = { ...writing(account), blocks, holes };
  const written = await writeSnapshot(options);
  const left = [2, 4, 10, 11, 47];
  expect(await listed(account, written.snapshotId)).toEqual(
    Array.from({ length: 48 }, (_, index) => index).filter((index) => !left.includes(index)),
  );
  expect(written).toMatchObject({ blocks: 43, blocksSent: 43 });
  expect(await account.content(written.snapshotId)).toEqual(content);
  // Complete already: read back, and found to be the same.
  expect(await writeSnapshot(options)).toMatchObject({ snapshotId: written.snapshotId, blocksSent: 0 });
});

test('a disk of zeros is a snapshot of zeros, which takes no room', async ({ account }) => {
  const { blocks } = someBlocks([]);
  const { snapshotId } = await writeSnapshot({ ...writing(account), blocks });
  expect(account.calls('PutSnapshotBlock')).toHaveLength(48);
  expect(await account.content(snapshotId)).toEqual(new Map());
  expect((await stat(account.snapshotPath(snapshotId))).blocks).toBeLessThan(64);
});

test('zeros that were acknowledged are not sent again by the next run', async ({ account }) => {
  const { blocks } = someBlocks([40]);
  const journalPath = join(account.directory, 'journal');
  const options = { ...writing(account, { concurrency: 1 }), blocks, journalPath };
  await writeAndAbort(options, 30);
  const { blocksSent } = await writeSnapshot(options);
  expect(blocksSent).toBeLessThanOrEqual(19);
});

/** Stops a run when so many blocks were acknowledged, as a kill would: without any clearing up. */
async function writeAndAbort(options: WriteSnapshotOptions, afterBlocks: number): Promise<void> {
  const abort = new AbortController();
  let acknowledged = 0;
  const run = writeSnapshot({
    ...options,
    signal: abort.signal,
    onProgress() {
      acknowledged += 1;
      if (acknowledged === afterBlocks) abort.abort();
    },
  });
  await expect(run).rejects.toMatchObject({ name: 'AbortError' });
}

test('an abort leaves the pending snapshot, and the same command resumes it by its journal', async ({
  account,
}) => {
  const { blocks, content } = someBlocks(indexes);
  const journalPath = join(account.directory, 'journal');
  const options = { ...writing(account, { concurrency: 1 }), blocks, journalPath };
  await writeAndAbort(options, 4);
  const [pending] = await account.snapshots();
  expect(pending?.State).toBe('pending');

  const written = await writeSnapshot(options);
  expect(written).toMatchObject({ snapshotId: pending?.SnapshotId, blocks: 48 });
  expect(written.blocksSent).toBeLessThanOrEqual(44);
  expect(await account.content(written.snapshotId)).toEqual(content);
  expect(options.notices.join()).toMatch(/has \d blocks already/);
  await expect(readFile(journalPath)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('without the journal all blocks are sent again, into the same snapshot', async ({ account }) => {
  const { blocks, content } = someBlocks(indexes);
  const options = { ...writing(account), blocks };
  await writeAndAbort(options, 4);
  const [pending] = await account.snapshots();
  const written = await writeSnapshot(options);
  expect(written).toMatchObject({ snapshotId: pending?.SnapshotId, blocksSent: 48 });
  expect(await account.content(written.snapshotId)).toEqual(content);
});

test.for<[string, (text: string) => string]>([
  ['cut short in its last line', (text: string) => text.slice(0, -20)],
  ['cut short in its first line', (text: string) => text.slice(0, 30)],
  ['of another snapshot', (text: string) => text.replace(/snap-\w+/, 'snap-0123456789abcdef0')],
  ['of other bytes', (text: string) => text.replace(/^(\d+) .*$/gm, `$1 ${'A'.repeat(43)}=`)],
  ['empty', () => ''],
])('a journal %s costs blocks sent again, never the content', async ([_, spoil], { account }) => {
  const { blocks, content } = someBlocks(indexes);
  const journalPath = join(account.directory, 'journal');
  const options = { ...writing(account, { concurrency: 1 }), blocks, journalPath };
  await writeAndAbort(options, 6);
  await writeFile(journalPath, spoil(await readFile(journalPath, 'utf8')));
  const { snapshotId } = await writeSnapshot(options);
  expect(await account.content(snapshotId)).toEqual(content);
});

test('a disk that changed since the journal was written is sent as it is', async ({ account }) => {
  const before = someBlocks(indexes);
  const journalPath = join(account.directory, 'journal');
  const options = { ...writing(account, { concurrency: 1 }), journalPath };
  await writeAndAbort({ ...options, blocks: before.blocks }, 6);
  const after = someBlocks(indexes);
  const written = await writeSnapshot({ ...options, blocks: after.blocks });
  // The zeros that were there are still the same.
  expect(written.blocksSent).toBeGreaterThanOrEqual(44);
  expect(await account.content(written.snapshotId)).toEqual(after.content);
});

test('reuses the snapshot of a run that ended after CompleteSnapshot, with and without journal', async ({
  account,
}) => {
  const { blocks, content } = someBlocks(indexes);
  const options = { ...writing(account), blocks };
  const first = await writeSnapshot(options);
  const puts = account.calls('PutSnapshotBlock').length;
  const again = await writeSnapshot(options);
  expect(again).toMatchObject({ snapshotId: first.snapshotId, blocksSent: 0 });
  expect(await account.content(again.snapshotId)).toEqual(content);
  expect(account.calls('PutSnapshotBlock').length - puts).toBeLessThanOrEqual(9);
  expect(await account.snapshots()).toHaveLength(1);
});

test('a pending snapshot that somebody deleted is started again', async ({ account }) => {
  const { blocks, content } = someBlocks(indexes);
  const options = { ...writing(account), blocks };
  await writeAndAbort(options, 4);
  const [pending] = await account.snapshots();
  await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: pending!.SnapshotId }));
  const written = await writeSnapshot(options);
  expect(written.snapshotId).not.toBe(pending!.SnapshotId);
  expect(await account.content(written.snapshotId)).toEqual(content);
});

test('waits for a snapshot that EBS does not show yet', async ({ account }) => {
  const { blocks, content } = someBlocks(indexes);
  account.aws.faults.add({
    match: { operation: 'PutSnapshotBlock' },
    times: 7,
    action: { kind: 'error', status: 404, code: 'ResourceNotFoundException', message: 'does not exist' },
  });
  const { snapshotId } = await writeSnapshot({ ...writing(account), blocks });
  expect(await account.content(snapshotId)).toEqual(content);
});

test('throttling is met by fewer blocks at a time and loses nothing', async ({ account }) => {
  const { blocks, content } = someBlocks(Array.from({ length: 60 }, (_, index) => index));
  account.aws.faults.add({
    match: { operation: 'PutSnapshotBlock' },
    nth: 5,
    times: 25,
    action: { kind: 'error', preset: 'throttling' },
  });
  const { snapshotId, blocksSent } = await writeSnapshot({
    ...writing(account, { concurrency: 16 }),
    sizeBytes: 60 * blockSizeBytes,
    blocks,
  });
  expect(blocksSent).toBe(60);
  expect(await account.content(snapshotId)).toEqual(content);
});

test.for([
  ['throttling', { kind: 'error', preset: 'throttling' }, 'THROTTLED'],
  ['a refusal that usually passes', { kind: 'error', preset: 'block-unread' }, 'BLOCK_REFUSED'],
] as const)(
  '%s that does not end keeps snapshot and journal, and the next run sends what is missing',
  async ([, action, code], { account }) => {
    const { blocks, content } = someBlocks(indexes);
    const options = { ...writing(account), blocks, journalPath: join(account.directory, 'journal') };
    account.aws.faults.add({
      match: { service: 'ebs', operation: 'PutSnapshotBlock' },
      nth: 9,
      times: 'always',
      action,
    });
    await expect(writeSnapshot(options)).rejects.toMatchObject({ code });
    const [pending] = await account.snapshots();
    expect(pending?.State).toBe('pending');
    account.aws.faults.clear();
    const written = await writeSnapshot(options);
    expect(written).toMatchObject({ snapshotId: pending?.SnapshotId, blocksSent: 40 });
    expect(await account.content(written.snapshotId)).toEqual(content);
    expect(account.calls('DeleteSnapshot')).toEqual([]);
  },
);

test.for([
  ['an internal error', { kind: 'error', preset: 'internal-error' }],
  ['a dropped connection', { kind: 'drop' }],
  ['an answer that is lost', { kind: 'drop', when: 'after' }],
  [
    'a block damaged on its way',
    {
      kind: 'error',
      status: 403,
      code: 'InvalidSignatureException',
      message: 'x-amz-Checksum does not match the computed checksum',
    },
  ],
] as const)('%s in every call is survived', async ([_, action], { account }) => {
  const { blocks, content } = someBlocks(indexes);
  account.aws.faults.add({ match: { operation: 'PutSnapshotBlock' }, nth: 2, times: 3, action });
  if (!('code' in action)) {
    for (const operation of ['StartSnapshot', 'CompleteSnapshot', 'DescribeSnapshots'])
      account.aws.faults.add({ match: { operation }, action });
  }
  const { snapshotId } = await writeSnapshot({ ...writing(account), blocks });
  expect(await account.content(snapshotId)).toEqual(content);
  expect(await account.snapshots()).toHaveLength(1);
});

test('a block that arrives damaged each time is named as damaged, not as an access that is denied', async ({
  account,
}) => {
  const { blocks } = someBlocks(indexes);
  account.aws.faults.add({
    match: { operation: 'PutSnapshotBlock', parameters: { BlockIndex: '5' } },
    times: 'always',
    action: {
      kind: 'error',
      status: 403,
      code: 'InvalidSignatureException',
      message: 'x-amz-Checksum does not match the computed checksum',
    },
  });
  await expect(writeSnapshot({ ...writing(account), blocks })).rejects.toMatchObject({
    code: 'BLOCK_DAMAGED',
    facts: { blockIndex: 5 },
  });
  const tries = account.calls('PutSnapshotBlock').filter(({ status }) => status === 403);
  expect(tries).toHaveLength(4);
  expect(await account.snapshots()).toMatchObject([{ State: 'pending' }]);
});

hurriedTest('a request that hangs is aborted and retried', async ({ account }) => {
  const { blocks, content } = someBlocks(indexes);
  account.aws.faults.add({ match: { operation: 'PutSnapshotBlock' }, nth: 3, action: { kind: 'hang' } });
  account.aws.faults.add({ match: { operation: 'StartSnapshot' }, action: { kind: 'hang', when: 'after' } });
  const { snapshotId } = await writeSnapshot({ ...writing(account), blocks });
  expect(await account.content(snapshotId)).toEqual(content);
  expect(await account.snapshots()).toHaveLength(1);
});

test.for([
  ['access-denied', 'PutSnapshotBlock', 'ACCESS_DENIED'],
  ['expired-token', 'PutSnapshotBlock', 'CREDENTIALS_EXPIRED'],
  ['access-denied', 'CompleteSnapshot', 'ACCESS_DENIED'],
  ['internal-error', 'PutSnapshotBlock', 'AWS_UNREACHABLE'],
  ['throttling', 'PutSnapshotBlock', 'THROTTLED'],
  ['unavailable', 'CompleteSnapshot', 'AWS_UNREACHABLE'],
] as const)(
  '%s at %s that lasts fails as %s, and keeps snapshot and journal',
  async ([preset, operation, code], { account }) => {
    const { blocks, content } = someBlocks(indexes);
    account.aws.faults.add({
      match: { operation },
      nth: operation === 'PutSnapshotBlock' ? 20 : 1,
      times: 'always',
      action: { kind: 'error', preset },
    });
    const states: string[] = [];
    const options = {
      ...writing(account),
      blocks,
      journalPath: join(account.directory, 'journal'),
      onState: ({ state }: { readonly state: string }) => void states.push(state),
    };
    await expect(writeSnapshot(options)).rejects.toMatchObject({ code });
    const [pending] = await account.snapshots();
    expect(pending?.State).toBe('pending');
    expect(states.at(-1)).toBe(operation === 'CompleteSnapshot' ? 'completing' : 'pending');
    account.aws.faults.clear();
    const written = await writeSnapshot(options);
    expect(written.snapshotId).toBe(pending?.SnapshotId);
    expect(written.blocksSent).toBeLessThan(40);
    expect(await account.content(written.snapshotId)).toEqual(content);
  },
);

hurriedTest.for([
  ['connections that are refused', { kind: 'drop' }],
  ['requests that hang', { kind: 'hang' }],
] as const)('%s beyond their limit keep snapshot and journal', async ([_, action], { account }) => {
  const { blocks, content } = someBlocks(indexes);
  const journalPath = join(account.directory, 'journal');
  const options = {
    ...writing(account, { concurrency: 1, outageTimeoutMs: 30_000 }),
    blocks,
    journalPath,
  };
  account.aws.faults.add({ match: { operation: 'PutSnapshotBlock' }, nth: 30, times: 'always', action });
  await expect(writeSnapshot(options)).rejects.toMatchObject({
    code: 'AWS_UNREACHABLE',
    hint: expect.stringContaining('run the same command again'),
  });
  expect(account.calls('DeleteSnapshot')).toEqual([]);
  account.aws.faults.clear();
  const written = await writeSnapshot(options);
  expect(written.blocksSent).toBeLessThan(30);
  expect(await account.content(written.snapshotId)).toEqual(content);
  expect(await account.snapshots()).toHaveLength(1);
});

pendingTest('a snapshot that does not become complete in time is kept, and resumed', async ({ account }) => {
  const { blocks } = someBlocks(indexes);
  const options = { ...writing(account), blocks, completeTimeoutMs: 60_000 };
  await expect(writeSnapshot(options)).rejects.toMatchObject({ code: 'SNAPSHOT_STALLED' });
  expect(await account.snapshots()).toMatchObject([{ State: 'pending' }]);
});

test.for([
  ['Failed to read block data', {}],
  ['The request took too long', { reason: 'WRITE_REQUEST_TIMEOUT' }],
  ['The block is being written', { reason: 'CONFLICTING_BLOCK_UPDATE' }],
] as const)(
  '"%s" is answered by fewer blocks at a time, for as long as some get through',
  async ([message, reason], { account }) => {
    const { blocks, content } = someBlocks(indexes);
    const operation = 'PutSnapshotBlock';
    account.aws.faults.add({ match: { operation }, times: 'always', action: { kind: 'delay', ms: 20 } });
    account.aws.faults.add({
      match: { operation, moreThan: 3 },
      times: 'always',
      action: { kind: 'error', status: 400, code: 'ValidationException', message, ...reason },
    });
    const options = writing(account, { concurrency: 12 });
    const { snapshotId } = await writeSnapshot({ ...options, blocks });
    expect(await account.content(snapshotId)).toEqual(content);
    expect(account.calls('DeleteSnapshot')).toEqual([]);
    const refused = account.calls(operation).filter(({ errorCode }) => errorCode === 'ValidationException');
    expect(refused.length).toBeGreaterThan(3);
  },
);

test('what a ValidationException says that does not pass ends the run at once, and keeps the snapshot', async ({
  account,
}) => {
  const { blocks } = someBlocks(indexes);
  account.aws.faults.add({
    match: { operation: 'PutSnapshotBlock' },
    times: 'always',
    action: {
      kind: 'error',
      status: 400,
      code: 'ValidationException',
      reason: 'INVALID_BLOCK',
      message: 'no',
    },
  });
  const options = { ...writing(account), blocks };
  await expect(writeSnapshot(options)).rejects.toMatchObject({ code: 'BLOCK_REFUSED' });
  expect(options.pauses).toEqual([]);
  expect(await account.snapshots()).toMatchObject([{ State: 'pending' }]);
});

const wrong = { isWrongContent: (error: unknown) => (error as Error).message === 'another digest' };
const beforeComplete = async () => {
  throw new Error('another digest');
};

test('the next run asks for a snapshot of its account, not for the one that was deleted', async ({
  account,
}) => {
  const { blocks, content } = someBlocks(indexes);
  const options = { ...writing(account), blocks, journalPath: join(account.directory, 'journal'), ...wrong };
  for (const _ of [1, 2])
    await expect(writeSnapshot({ ...options, beforeComplete })).rejects.toThrow('another digest');
  const before = account.aws.calls.list().at(-1)!.sequence;
  const { snapshotId } = await writeSnapshot(options);
  expect(await account.content(snapshotId)).toEqual(content);
  const calls = account.aws.calls.list({ after: before });
  expect(calls.filter(({ operation }) => operation === 'StartSnapshot')).toHaveLength(1);
  expect(calls.filter(({ errorCode }) => errorCode !== undefined)).toEqual([]);
});

test('only what proves that the content is wrong deletes the pending snapshot', async ({ account }) => {
  const { blocks } = someBlocks(indexes);
  async function* torn() {
    yield* blocks();
    throw new Error('the disk cannot be read');
  }
  const options = { ...writing(account), ...wrong };
  await expect(writeSnapshot({ ...options, blocks: torn })).rejects.toThrow('the disk cannot be read');
  expect(await account.snapshots()).toMatchObject([{ State: 'pending' }]);
  await expect(writeSnapshot({ ...options, blocks, beforeComplete })).rejects.toThrow('another digest');
  expect(await account.snapshots()).toEqual([]);
  expect(account.calls('CompleteSnapshot')).toEqual([]);
});

describe('a snapshot that somebody else has completed', () => {
  /** Completes what is there of a snapshot as it is. */
  const completeElsewhere = async (account: Account) => {
    const there = account.calls('PutSnapshotBlock').filter(({ status }) => status === 201).length;
    const [{ SnapshotId } = {}] = await account.snapshots();
    await account.ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: there }));
    return SnapshotId!;
  };

  test.for([true, false])(
    'without all its blocks is not taken for the disk (journal: %s)',
    async (withJournal, { account }) => {
      const { blocks, content } = someBlocks(indexes);
      const journalPath = withJournal ? join(account.directory, 'journal') : undefined;
      const options = { ...writing(account, { concurrency: 1 }), blocks, journalPath };
      await writeAndAbort(options, 4);
      const theirs = await completeElsewhere(account);
      const { snapshotId } = await writeSnapshot(options);
      expect(snapshotId).not.toBe(theirs);
      expect(await account.content(snapshotId)).toEqual(content);
      expect(await account.snapshots()).toMatchObject([{ SnapshotId: snapshotId }]);
    },
  );

  test('without blocks of zeros is left alone, and another one is written', async ({ account }) => {
    const { blocks } = someBlocks([0, 1]);
    const options = { ...writing(account, { concurrency: 1 }), blocks };
    await writeAndAbort(options, 4);
    const theirs = await completeElsewhere(account);
    const { snapshotId } = await writeSnapshot(options);
    expect((await account.snapshots()).map(({ SnapshotId }) => SnapshotId).sort()).toEqual(
      [theirs, snapshotId].sort(),
    );
  });

  test('and that cannot be read is left alone, and another one is written', async ({ account }) => {
    const { blocks, content } = someBlocks(indexes);
    const options = { ...writing(account), blocks };
    await writeSnapshot(options);
    account.aws.faults.add({
      match: { operation: 'ListSnapshotBlocks' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const { snapshotId } = await writeSnapshot(options);
    expect(await account.content(snapshotId)).toEqual(content);
    expect(await account.snapshots()).toHaveLength(2);
  });

  test('is used if the run that did so has marked it', async ({ account }) => {
    const { blocks } = someBlocks(indexes);
    const options = { ...writing(account), blocks };
    const first = await writeSnapshot(options);
    const again = await writeSnapshot({ ...options, isFinished: async (id) => id === first.snapshotId });
    expect(again).toMatchObject({ snapshotId: first.snapshotId, content: undefined });
    expect(account.calls('GetSnapshotBlock')).toEqual([]);
  });
});

test('two writers of one snapshot, block by block in conflict: both end with it, and neither deletes it', async ({
  account,
}) => {
  const { blocks, content } = someBlocks(indexes);
  account.aws.faults.add({
    match: { operation: 'PutSnapshotBlock' },
    times: 'always',
    action: { kind: 'slow-write', ms: 15 },
  });
  const written = await Promise.all([0, 1].map(() => writeSnapshot({ ...writing(account), blocks })));
  expect(written[0]!.snapshotId).toBe(written[1]!.snapshotId);
  expect(await account.content(written[0]!.snapshotId)).toEqual(content);
  expect(account.calls('DeleteSnapshot')).toEqual([]);
  const refused = account.calls('PutSnapshotBlock').filter(({ errorCode }) => errorCode !== undefined);
  expect(refused.length).toBeGreaterThan(0);
});

test('blocks that EBS keeps otherwise than they were sent are found at completion', async ({ account }) => {
  const { blocks, data } = someBlocks(indexes);
  // Another writer into the same snapshot: count and checksum no longer agree.
  const options = writing(account);
  const started = { ...options, blocks };
  let interfered = false;
  const beforeComplete = async () => {
    interfered = true;
    const other = someBlocks([9]);
    const abort = new AbortController();
    await writeSnapshot({
      ...options,
      blocks: other.blocks,
      signal: abort.signal,
      beforeComplete: async () => abort.abort(),
    }).catch(() => {});
  };
  await expect(writeSnapshot({ ...started, beforeComplete })).rejects.toMatchObject({
    code: 'SNAPSHOT_FAILED',
  });
  expect([interfered, data.size]).toEqual([true, 9]);
  expect(await account.snapshots()).toEqual([]);
});

test('a snapshot that never completes is a failure with a limit', async ({ account }) => {
  const { blocks } = someBlocks(indexes);
  account.aws.faults.add({
    match: { operation: 'CompleteSnapshot' },
    times: 'always',
    action: { kind: 'error', status: 402, code: 'ServiceQuotaExceededException', message: 'too many' },
  });
  await expect(writeSnapshot({ ...writing(account), blocks })).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
  });
});
