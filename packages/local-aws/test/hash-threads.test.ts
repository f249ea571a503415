import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { test, vi } from 'vitest';
import { hasThread } from '../src/hashing/threads.ts';
import { describe, expect, openAccount } from './support/account.ts';
import { sendHalf } from './support/half-a-body.ts';
import { startHashThreads } from './support/hash-threads.ts';
import { makeDirectory, startProcess } from './support/process.ts';
import { bytesOfBodies } from './support/stored-files.ts';

const Bucket = 'disks';
const MiB = 2 ** 20;
const half = { target: `/${Bucket}/half`, sizeBytes: 20 * MiB };

/** Until all that was sent of it has been written: by a thread, as the object is long. */
const written = (directory: string, others: number) =>
  vi.waitFor(async () => expect(await bytesOfBodies(directory)).toBe(others + half.sizeBytes / 2), 10_000);

async function openWithThreads(directory: string) {
  const account = await openAccount({ directory, buckets: [Bucket] });
  const s3 = account.client(S3Client, { forcePathStyle: true });
  await startHashThreads(s3, Bucket);
  return { account, s3 };
}

describe('closing an emulator with a body half received', () => {
  test('ends the threads, and leaves nothing of the body', async () => {
    await using directory = await makeDirectory();
    const { account } = await openWithThreads(directory.path);
    const before = await bytesOfBodies(directory.path);
    await sendHalf(account.aws.url, half);
    await written(directory.path, before);
    expect(hasThread()).toBe(true);
    await account[Symbol.asyncDispose]();
    expect(hasThread()).toBe(false);
    expect(await bytesOfBodies(directory.path)).toBe(before);
  });

  test('leaves them to another of the same process, and the next one starts its own', async () => {
    await using directory = await makeDirectory();
    await using otherDirectory = await makeDirectory();
    const { account } = await openWithThreads(directory.path);
    const other = await openAccount({ directory: otherDirectory.path, buckets: [Bucket] });
    await sendHalf(account.aws.url, half);
    const Body = Buffer.alloc(3 * MiB, 'other ');
    await account[Symbol.asyncDispose]();
    expect(hasThread()).toBe(true);
    const put = { Bucket, Key: 'k' };
    await other.s3.send(new PutObjectCommand({ ...put, Body }));
    await other[Symbol.asyncDispose]();
    expect(hasThread()).toBe(false);

    const { account: next, s3 } = await openWithThreads(otherDirectory.path);
    expect(hasThread()).toBe(true);
    const { Body: kept } = await s3.send(new GetObjectCommand(put));
    expect(Body.equals(await kept!.transformToByteArray())).toBe(true);
    await next[Symbol.asyncDispose]();
  });

  test('ends its process', async () => {
    await using directory = await makeDirectory();
    await using running = await startProcess(directory.path, '--bucket', Bucket);
    const s3 = new S3Client({
      ...{ endpoint: running.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    await startHashThreads(s3, Bucket);
    s3.destroy();
    const before = await bytesOfBodies(directory.path);
    await sendHalf(running.url, half);
    await written(directory.path, before);
    running.server.kill('SIGTERM');
    expect(await running.server).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await bytesOfBodies(directory.path)).toBe(before);
  });
});
