import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { hasThread } from '../src/hashing/threads.ts';
import { describe, expect, openAccount, refusal, testWith } from './support/account.ts';
import { startHashThreads } from './support/hash-threads.ts';
import { makeDirectory } from './support/process.ts';
import { bytesOfBodies } from './support/stored-files.ts';

const Bucket = 'disks';
const MiB = 2 ** 20;
const diskBytes = 12 * MiB;

/** A file system of 12 MiB, where this machine lets us mount one. */
async function mountSmallDisk(): Promise<({ path: string } & AsyncDisposable) | undefined> {
  const directory = await makeDirectory();
  try {
    const args = ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', directory.path];
    execFileSync('mount', args, { stdio: 'ignore' });
  } catch {
    await directory[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    path: directory.path,
    async [Symbol.asyncDispose]() {
      execFileSync('umount', [directory.path]);
      await directory[Symbol.asyncDispose]();
    },
  };
}

const test = testWith({ buckets: [Bucket] }, ({ client }) =>
  startHashThreads(client(S3Client, { forcePathStyle: true }), Bucket),
)
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('disk', async ({}, { onCleanup }) => {
    const disk = await mountSmallDisk();
    onCleanup(() => disk?.[Symbol.asyncDispose]());
    return disk;
  })
  /** An emulator on a disk that is too small for what is sent to it. */
  .extend('small', async ({ account: _withThreads, disk }, { onCleanup }) => {
    if (!disk) return undefined;
    const notices: string[] = [];
    const onNotice = (message: string) => void notices.push(message);
    const account = await openAccount({ directory: disk.path, buckets: [Bucket], onNotice });
    onCleanup(() => account[Symbol.asyncDispose]());
    const s3 = account.client(S3Client, {
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    return { account, s3, notices, directory: disk.path };
  });

const fits = randomBytes(3 * MiB);
const tooMuch = randomBytes(diskBytes);

describe('a body that the disk has no room for, written by a thread', () => {
  test('is answered with a 500, and leaves neither an object nor a file; others are taken', async ({
    small,
    skip,
  }) => {
    if (!small) return skip('no right to mount a file system');
    const { s3, account, notices, directory } = small;
    expect(hasThread()).toBe(true);
    const put = (Key: string, Body: Buffer) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    await put('before', fits);
    for (const Key of ['one', 'two']) {
      await expect(put(Key, tooMuch)).rejects.toEqual(refusal('InternalError', undefined, 500));
      expect(await bytesOfBodies(directory)).toBe(fits.length);
    }
    await put('after', fits);
    expect((await account.contents()).objects).toEqual(['after', 'before']);
    for (const Key of ['before', 'after']) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      expect(fits.equals(await Body!.transformToByteArray())).toBe(true);
    }
    expect(notices).toEqual(
      Array(2).fill(expect.stringMatching(/^the disk of the state directory is full: ENOSPC/)),
    );
  });

  test('is answered so beside others that are under way, none of which is damaged', async ({
    small,
    skip,
  }) => {
    if (!small) return skip('no right to mount a file system');
    const { s3, directory } = small;
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'upload' }));
    const upload = { Bucket, Key: 'upload', UploadId };
    const sent = await Promise.allSettled(
      [fits, tooMuch, fits, tooMuch].map((Body, index) =>
        s3.send(new UploadPartCommand({ ...upload, PartNumber: index + 1, Body })),
      ),
    );
    for (const index of [1, 3]) expect(sent[index]).toMatchObject({ status: 'rejected' });
    for (const each of sent)
      if (each.status === 'rejected') expect(each.reason).toEqual(refusal('InternalError', undefined, 500));
    const { Parts = [] } = await s3.send(new ListPartsCommand(upload));
    const taken = sent.flatMap((each, index) =>
      each.status === 'fulfilled' ? [{ PartNumber: index + 1, ETag: each.value.ETag }] : [],
    );
    expect(Parts).toMatchObject(taken);
    expect(await bytesOfBodies(directory)).toBe(taken.length * fits.length);
  });
});
