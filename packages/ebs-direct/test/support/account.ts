import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EBSClient } from '@aws-sdk/client-ebs';
import { DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  type Block,
  blockSizeBytes,
  createUndiciHandler,
  diskBlocks,
  openDisk,
  reuseBlockDigest,
  type WriteSnapshotOptions,
} from '@ec2-image/ebs-direct';
import { exampleCredentials, startLocalAws } from '@ec2-image/local-aws';

export type Account = Awaited<ReturnType<typeof openAccount>>;

/** A stand-in in which everything takes as little time as it can, and clients as the command makes them. */
export async function openAccount({
  requestTimeoutMs = 5_000,
  snapshotCompletionMs = 0,
}: {
  readonly requestTimeoutMs?: number;
  readonly snapshotCompletionMs?: number;
} = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'ebs-direct-'));
  const aws = await startLocalAws({
    directory: join(directory, 'account'),
    ec2: { importTaskMs: 0, snapshotCompletionMs, imageCreationMs: 0 },
    // Signatures with these are checked, those of the block's own digest among them.
    credentials: [exampleCredentials],
  });
  const settings = {
    region: 'us-east-1',
    endpoint: aws.url,
    credentials: exampleCredentials,
    maxAttempts: 1,
  };
  const ebs = new EBSClient({
    ...settings,
    requestHandler: createUndiciHandler({ connections: 16, requestTimeoutMs }),
  });
  ebs.middlewareStack.use(reuseBlockDigest);
  const ec2 = new EC2Client(settings);
  return {
    aws,
    ebs,
    ec2,
    directory,
    calls: (operation: string) => aws.calls.list().filter((call) => call.operation === operation),
    async snapshots() {
      const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
      return Snapshots.map(({ SnapshotId, State, Tags }) => ({ SnapshotId, State, Tags }));
    },
    snapshotPath: (snapshotId: string) => join(directory, 'account', 'snapshots', `${snapshotId}.raw`),
    /** Of a snapshot's bytes, by block, as far as they are not zeros. */
    async content(snapshotId: string): Promise<Map<number, string>> {
      await using disk = await openDisk({
        path: join(directory, 'account', 'snapshots', `${snapshotId}.raw`),
        format: 'raw',
      });
      const blocks = new Map<number, string>();
      for await (const { index, data, release } of diskBlocks({ disk })) {
        blocks.set(index, fingerprint(data));
        release();
      }
      return blocks;
    },
    async [Symbol.asyncDispose]() {
      ebs.destroy();
      ec2.destroy();
      await aws.close();
      await rm(directory, { recursive: true });
    },
  };
}

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

/** Time passes only while somebody waits, so that a busy machine is never out of time. */
export function writing(account: Account, options: Partial<WriteSnapshotOptions> = {}) {
  const notices: string[] = [];
  const pauses: number[] = [];
  let time = Date.now();
  return {
    ebs: account.ebs,
    ec2: account.ec2,
    sizeBytes: testDiskBytes,
    tags: { Name: 'test', 'ec2-image:source-digest': `sha256:${'ab'.repeat(32)}` },
    description: 'test',
    clientTokenFor: (attempt: number) => `token-${attempt}`,
    concurrency: 4,
    now: () => time,
    sleep: (ms: number, signal?: AbortSignal) => {
      pauses.push(ms);
      time += ms;
      return delay(1, undefined, { signal });
    },
    onNotice: (message: string) => void notices.push(message),
    notices,
    pauses,
    ...options,
  };
}
