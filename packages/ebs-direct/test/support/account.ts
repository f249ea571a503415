import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EBSClient } from '@aws-sdk/client-ebs';
import type { Snapshot } from '@aws-sdk/client-ec2';
import { fakeClock } from '@ec2-image/aws-call/testing';
import { type Block, blockSizeBytes, diskBlocks, openDisk } from '@ec2-image/disk-blocks';
import { createUndiciHandler, type WriteSnapshotOptions } from '@ec2-image/ebs-direct';
import type { ConditionsName } from '@ec2-image/local-aws';
import { openTestAccount, type TestAccount } from '@ec2-image/local-aws/testing';
import { test as base } from 'vitest';

export { describe, expect } from 'vitest';

export interface Account extends TestAccount {
  readonly ebs: EBSClient;
  /** For files of the test. */
  readonly directory: string;
  snapshots(): Promise<Pick<Snapshot, 'SnapshotId' | 'State' | 'Tags'>[]>;
  /** Of a snapshot's bytes, by block, as far as they are not zeros. */
  content(snapshotId: string): Promise<Map<number, string>>;
}

interface AccountOptions {
  /** Default 5 s. */
  readonly requestTimeoutMs?: number;
  /** Default 0. */
  readonly snapshotCompletionMs?: number;
  /** Default calm: most tests provoke one exact fault and count the blocks that are sent. */
  readonly conditions?: ConditionsName;
  readonly seed?: number;
}

/** An account with clients as the command makes them. */
async function openAccount({
  requestTimeoutMs = 5_000,
  snapshotCompletionMs = 0,
  conditions = 'calm',
  seed,
}: AccountOptions): Promise<Account> {
  const account = await openTestAccount({
    conditions,
    seed,
    // What the SDK would retry, the writer retries here, by a clock of the test.
    maxAttempts: 1,
    ec2: { snapshotCompletionMs },
  });
  const directory = join(account.directory, 'of-the-test');
  await mkdir(directory);
  const ebs = account.client(EBSClient, {
    requestHandler: createUndiciHandler({ connections: 16, requestTimeoutMs }),
  });
  // The signature of each block takes in its own digest; the emulator checks it.
  return {
    ...account,
    ebs,
    directory,
    async snapshots() {
      const { snapshots } = await account.contents();
      return snapshots.map(({ SnapshotId, State, Tags }) => ({ SnapshotId, State, Tags }));
    },
    async content(snapshotId) {
      await using disk = await openDisk({ path: account.snapshotPath(snapshotId), format: 'raw' });
      const blocks = new Map<number, string>();
      for await (const { index, data, release } of diskBlocks({ disk })) {
        blocks.set(index, fingerprint(data));
        release();
      }
      return blocks;
    },
  };
}

/** A test with an account of its own; one that needs another kind of it overrides its options. */
export const test = base
  .extend('accountOptions', (): AccountOptions => ({}))
  .extend('account', async ({ accountOptions }, { onCleanup }) => {
    const account = await openAccount(accountOptions);
    onCleanup(() => account[Symbol.asyncDispose]());
    return account;
  });

const fingerprint = (data: Buffer) => createHash('md5').update(data).digest('hex');

/** Blocks at these indexes, of random bytes; the same at every reading. */
export function someBlocks(indexes: readonly number[]) {
  const data = new Map(indexes.map((index) => [index, randomBytes(blockSizeBytes)]));
  async function* blocks(): AsyncGenerator<Block> {
    for (const [index, bytes] of data) yield { index, data: bytes, release: () => {} };
  }
  return {
    data,
    blocks,
    /** What the snapshot of them has to hold. */
    content: new Map(indexes.map((index) => [index, fingerprint(data.get(index)!)])),
  };
}

/** Small: every block of it is sent. */
export const testDiskBytes = 48 * blockSizeBytes;

/** Leaves out what is past the disk's end, and nothing else: 2,000 blocks of zeros a test would take seconds. */
async function* tailOnly(): AsyncGenerator<never> {}

/** Time passes only while somebody waits, so that a busy machine is never out of time. */
export function writing(account: Account, options: Partial<WriteSnapshotOptions> = {}) {
  const notices: string[] = [];
  const pauses: number[] = [];
  const clock = fakeClock(Date.now());
  return {
    ebs: account.ebs,
    ec2: account.ec2,
    sizeBytes: testDiskBytes,
    tags: { Name: 'test', 'ec2-image:source-digest': `sha256:${'ab'.repeat(32)}` },
    description: 'test',
    clientTokenFor: (attempt: number) => `token-${attempt}`,
    concurrency: 4,
    holes: tailOnly,
    clock: {
      ...clock,
      sleep: (ms: number, signal?: AbortSignal) => {
        pauses.push(ms);
        return clock.sleep(ms, signal);
      },
    },
    onNotice: (message: string) => void notices.push(message),
    notices,
    pauses,
    ...options,
  };
}
