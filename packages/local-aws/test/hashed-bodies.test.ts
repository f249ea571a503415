import { createHash, randomBytes } from 'node:crypto';
import { EBSClient, PutSnapshotBlockCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type ChecksumAlgorithm, checksumOf } from '@ec2-image/checksum';
import { hasThread } from '../src/hashing/threads.ts';
import { describe, expect, testWith } from './support/account.ts';
import { startHashThreads } from './support/hash-threads.ts';

const Bucket = 'disks';
const MiB = 2 ** 20;
const blockBytes = 524_288;

const test = testWith({ buckets: [Bucket] }, async ({ client }) => {
  await startHashThreads(client(S3Client, { forcePathStyle: true }), Bucket);
})
  /** Sends no checksum that it is not told to. */
  .extend('plain', { scope: 'file' }, ({ account }) =>
    account.client(S3Client, { forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' }),
  )
  /** Leaves its payload unsigned, so that nothing but the service hashes it. */
  .extend('unsigned', { scope: 'file' }, ({ account }) => {
    const ebs = account.client(EBSClient);
    ebs.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        return next(args);
      },
      { step: 'build' },
    );
    return ebs;
  });

const digest = (algorithm: string, data: Buffer) => createHash(algorithm).update(data).digest();

test('a thread runs by now', async ({ account }) => {
  expect(account.aws.url).toMatch(/^http/);
  expect(hasThread()).toBe(true);
});

describe('bodies that threads hash', () => {
  test.for<ChecksumAlgorithm>(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'])(
    'side by side, each with its own ETag and %s, and the bytes that were sent',
    async (algorithm, { plain }) => {
      const bodies = [3 * MiB, 2 * MiB + 1, MiB, MiB - 1, 200_000].map((length) => randomBytes(length));
      const field = `Checksum${algorithm}` as const;
      const answers = await Promise.all(
        bodies.map((Body, n) =>
          plain.send(
            new PutObjectCommand({
              Bucket,
              Key: `${algorithm}-${n}`,
              Body,
              [field]: checksumOf(algorithm, Body),
            }),
          ),
        ),
      );
      for (const [n, body] of bodies.entries()) {
        expect(answers[n]).toMatchObject({
          ETag: `"${digest('md5', body).toString('hex')}"`,
          [field]: checksumOf(algorithm, body),
        });
        const { Body } = await plain.send(new GetObjectCommand({ Bucket, Key: `${algorithm}-${n}` }));
        expect(body.equals(await Body!.transformToByteArray())).toBe(true);
      }
    },
  );

  test('a body that is not what it promises is refused while another is taken', async ({ plain }) => {
    const [Key, body, other] = ['parts', randomBytes(6 * MiB), randomBytes(6 * MiB)];
    const { UploadId } = await plain.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = (PartNumber: number, Body: Buffer, promised: Buffer) =>
      plain.send(
        new UploadPartCommand({
          ...{ Bucket, Key, UploadId, PartNumber, Body },
          ContentMD5: digest('md5', promised).toString('base64'),
        }),
      );
    const [taken, refused] = await Promise.allSettled([part(1, body, body), part(2, other, body)]);
    expect(taken).toMatchObject({ value: { ETag: `"${digest('md5', body).toString('hex')}"` } });
    expect(refused).toMatchObject({ reason: { name: 'BadDigest' } });
    const { ETag } = await part(2, other, other);
    expect(ETag).toBe(`"${digest('md5', other).toString('hex')}"`);
  });

  test('a block is taken by its SHA-256, and by no other', async ({ unsigned }) => {
    const { SnapshotId } = await unsigned.send(new StartSnapshotCommand({ VolumeSize: 1 }));
    const put = (BlockIndex: number, data: Buffer, promised = data) =>
      unsigned.send(
        new PutSnapshotBlockCommand({
          ...{ SnapshotId, BlockIndex, BlockData: data, DataLength: blockBytes },
          Checksum: digest('sha256', promised).toString('base64'),
          ChecksumAlgorithm: 'SHA256',
        }),
      );
    const zeros = Buffer.alloc(blockBytes);
    const late = Buffer.alloc(blockBytes);
    late[blockBytes - 1] = 1;
    const blocks = [randomBytes(blockBytes), zeros, late, randomBytes(blockBytes)];
    const answers = await Promise.all(blocks.map((data, index) => put(index, data)));
    expect(answers.map(({ Checksum }) => Checksum)).toEqual(
      blocks.map((data) => digest('sha256', data).toString('base64')),
    );
    for (const wrong of [zeros, late])
      await expect(put(0, wrong, blocks[0])).rejects.toMatchObject({
        message: expect.stringMatching(/does not match/),
      });
  });
});
